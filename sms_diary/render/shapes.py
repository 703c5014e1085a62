"""The shapes of a template: the texts that its conditions can make, with gaps for its values.

For trees that have only nodes `templates.check` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import prod

from jinja2 import nodes

from sms_diary.values import value


@value
class Gap:
    """Place of a value of so many words at most."""

    words: int


Piece = str | Gap
Of = Callable[[str], Sequence[Piece]]
"""What may stand in the place of the value of that name: one of these."""


def shapes(parts: Iterable[nodes.Node], of: Of) -> list[tuple[Piece, ...]]:
    """Sequences of text and gaps, one for each way that the conditions can turn out."""
    steps = [_of_node(part, of) for part in parts]
    return [tuple(piece for step in way for piece in step) for way in product(*steps)]


def count(parts: Iterable[nodes.Node]) -> int:
    """How many there are, where each value is one thing."""
    return prod(sum(map(count, branches(part))) for part in parts)


def always_shown(parts: Iterable[nodes.Node]) -> set[str]:
    """Names of values that these nodes show whichever way their conditions turn out."""
    names: set[str] = set()
    for part in parts:
        if isinstance(part, nodes.Name):
            names.add(part.name)
        else:
            names |= set.intersection(*map(always_shown, branches(part)))
    return names


def branches(node: nodes.Node) -> list[Sequence[nodes.Node]]:
    """The ways on from an allowed node that is no leaf; one of them is taken when it is filled."""
    if isinstance(node, nodes.If):
        return [node.body, *(other.body for other in node.elif_), node.else_]
    if isinstance(node, nodes.CondExpr):
        return [[node.expr1], [node.expr2] if node.expr2 else []]
    if isinstance(node, nodes.Or):
        return [[node.left], [node.right]]
    return [list(node.iter_child_nodes())]


def _of_node(node: nodes.Node, of: Of) -> list[tuple[Piece, ...]]:
    if isinstance(node, nodes.TemplateData):
        return [(node.data,)]
    if isinstance(node, nodes.Const):
        return [(str(node.value),)]
    if isinstance(node, nodes.Name):
        return [(piece,) for piece in of(node.name)]
    return [way for parts in branches(node) for way in shapes(parts, of)]

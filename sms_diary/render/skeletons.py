"""What stays the same in the texts of a template: the skeletons that operators register.

An operator bills «service» SMS as such only where the text matches a registered one, with operands
in place of what varies. Operands that stand next to each other become one, as registrars ask.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from jinja2 import nodes

from sms_diary.encoding import transliterate
from sms_diary.render.kinds import VARIABLES, Variable
from sms_diary.render.templates import ENVIRONMENT, branches
from sms_diary.values import value

OPERAND = "%w{1,N}"
"""How most registrars write «from one to N words»; N is put in."""
_UNKNOWN = Variable("", 10)


@value
class _Gap:
    """Place of a value of so many words at most."""

    words: int


_Piece = str | _Gap


def skeletons(source: str, *, operand: str = OPERAND, scheme: str | None = None) -> list[str]:
    """Every shape that texts of a checked template can have, sorted by its conditions.

    `operand` has N where the number of words belongs; with a `scheme` the fixed text is Latin.
    """
    found = []
    for pieces in _ways(ENVIRONMENT.parse(source.strip()).body):
        text = "".join(
            piece if isinstance(piece, str) else f"\0{piece.words}\0" for piece in _merged(pieces)
        )
        if scheme:
            text = transliterate(text.replace("\0", "\n"), scheme).replace("\n", "\0")
        at = text.split("\0")
        at[1::2] = [operand.replace("N", words) for words in at[1::2]]
        found.append("".join(at).strip())
    return list(dict.fromkeys(found))


def _ways(parts: Iterable[nodes.Node]) -> list[tuple[_Piece, ...]]:
    """Sequences of text and gaps, one for each way that the conditions can turn out."""
    steps = [_of_node(part) for part in parts]
    return [tuple(piece for step in way for piece in step) for way in product(*steps)]


def _of_node(node: nodes.Node) -> list[tuple[_Piece, ...]]:
    if isinstance(node, nodes.TemplateData):
        return [(node.data,)]
    if isinstance(node, nodes.Const):
        return [(str(node.value),)]
    if isinstance(node, nodes.Name):
        return _of_value(node.name)
    return [way for parts in branches(node) for way in _ways(parts)]


def _of_value(name: str) -> list[tuple[_Piece, ...]]:
    variable = VARIABLES.get(name, _UNKNOWN)
    if variable.choices:
        return [(choice,) for choice in variable.choices]
    return [(_Gap(variable.words),)]


def _merged(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Texts joined, and gaps with nothing but a space between them made one."""
    found: list[_Piece] = []
    for piece in pieces:
        if isinstance(piece, _Gap) and found[-1:] == [" "] and isinstance(found[-2:][0], _Gap):
            found.pop()
        last = found[-1] if found else None
        if isinstance(piece, str) and isinstance(last, str):
            found[-1] = last + piece
        elif isinstance(piece, _Gap) and isinstance(last, _Gap):
            found[-1] = _Gap(last.words + piece.words)
        else:
            found.append(piece)
    return found

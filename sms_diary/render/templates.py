"""What a template may be: text, values and choices between texts, and nothing else.

jinja's sandbox hides what is dangerous to touch, but computes whatever it is asked to:
`{{ 'a'*10**9 }}` fills the memory. So a template is looked at as a tree before it is compiled, and
what is not on the list is refused. Nothing here runs a template. How it is filled is `Renderer`'s.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from sms_diary.render import plain, shapes
from sms_diary.render.kinds import KINDS, TextKind
from sms_diary.render.places import Place, Spread, Unreadable
from sms_diary.values import value

ENVIRONMENT = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,  # an SMS is no HTML
    trim_blocks=True,
)
LONGEST = 1000
"""Characters of a template: six SMS and the braces."""
SIGNS = 150
"""Signs inside of braces: the parser takes time for each that is nested in another."""
DEEPEST = 12
SHAPES = 64
"""Texts that its conditions can make of a template: each is registered with operators."""
_MOST_FINDINGS = 10
_FIRST = Place(1, 1)
_UNKNOWN = TextKind("")

_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.CondExpr,
    nodes.Const, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Filter,
)  # fmt: skip
_REFUSED: tuple[tuple[tuple[type[nodes.Node], ...], str], ...] = (
    ((nodes.For,), "циклы не разрешены"),
    (
        (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block),
        "другие шаблоны брать нельзя",
    ),
    ((nodes.Macro, nodes.Call, nodes.CallBlock), "вызовы не разрешены"),
    ((nodes.FilterBlock,), "преобразовать можно только одно значение"),
    (
        (nodes.Getattr, nodes.Getitem, nodes.Slice),
        "к частям значения обращаться нельзя, пишите его целиком",
    ),
    ((nodes.BinExpr, nodes.UnaryExpr, nodes.Concat), "вычисления не разрешены"),
    ((nodes.Test,), "проверять можно только так: {% if значение %}"),
    ((nodes.Assign, nodes.AssignBlock, nodes.With), "своих значений заводить нельзя"),
)
_ONLY = "разрешены только текст, {{ значение }} и {% if … %} … {% else %} … {% endif %}"
_SYNTAX = (
    (r"got 'end of template'|[Uu]nexpected end|unexpected 'end of|Missing end", "тег не закрыт"),
    (r"unexpected char '(.+?)' at", "лишний знак «{}»"),
    (r"unknown tag '([^']+)'", "нет такого тега: «{}»"),
    (r"unexpected '([^']+)'", "лишнее «{}»"),
    (r"expected token 'end of print statement'", "здесь нужно «}}}}»"),
    (r"expected token 'end of statement block'", "здесь нужно «%}}»"),
)
_CASES = ("capitalize", "upper", "lower")
_CONDITIONS = (nodes.Not, nodes.And, nodes.Compare)
_RULES: tuple[tuple[type[nodes.Node], Callable[[Any], bool], str], ...] = (
    (
        nodes.Const,
        lambda node: isinstance(node.value, str),
        "в скобках может быть значение или текст в кавычках",
    ),
    (
        nodes.Operand,
        lambda node: node.op in {"eq", "ne"},
        "сравнивать можно только через == и !=",
    ),
    (
        nodes.Filter,
        lambda node: node.name in _CASES and not (node.args or node.kwargs or node.dyn_args),
        f"после «|» может стоять только {', '.join(_CASES)}",
    ),
    (nodes.CondExpr, lambda node: node.expr2 is not None, "после if нужно else"),
    (
        nodes.Output,
        lambda node: not any(isinstance(one, _CONDITIONS) for one in node.nodes),
        "показать можно значение, а не условие",
    ),
)
"""What holds of an allowed node: (of which, the rule, what to say where it is broken)."""


@value
class Finding:
    """What is wrong with a template, for the person who wrote it; places count from 1."""

    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"строка {self.line}, столбец {self.column}: {self.message}"


def check(source: str, kind: str) -> list[Finding]:
    """Everything wrong with a template of that kind, in Russian; empty: it may be saved.

    `kind` is a template's name. One that is not in `KINDS` has no values at all. Takes
    milliseconds for whatever source.
    """
    if len(source) > LONGEST:
        return [Finding(1, 1, f"шаблон длиннее {LONGEST} знаков: столько не поместится в SMS")]
    source = source.replace("\r\n", "\n").replace("\r", "\n")
    try:
        spread = Spread(ENVIRONMENT, source)
    except Unreadable as wrong:
        return [Finding(*wrong.place, _in_russian(wrong.message))]
    if spread.inside > SIGNS:
        return [Finding(1, 1, "слишком много знаков в фигурных скобках")]
    try:
        tree = ENVIRONMENT.parse(spread.source)
    except TemplateSyntaxError as wrong:
        return [Finding(*spread.of_line(wrong.lineno), _in_russian(wrong.message or ""))]
    except RecursionError:
        return [Finding(1, 1, "слишком много вложенных скобок")]
    known = KINDS.get(kind, _UNKNOWN)
    found = [*_of_tree(tree, spread, known), *_of_text(spread)]
    if not found:
        # Anew: what is spread out has line ends between the pieces.
        found = _of_shapes(ENVIRONMENT.parse(source), known)
    return sorted(found, key=lambda one: (one.line, one.column))[:_MOST_FINDINGS]


def _of_tree(tree: nodes.Template, spread: Spread, kind: TextKind) -> list[Finding]:
    found: list[Finding] = []
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 1, 0)]
    while waiting:
        node, line, depth = waiting.pop()
        line = node.lineno or line  # some nodes know none
        wrong = _wrong(node, kind) if depth <= DEEPEST else "слишком много вложенных условий"
        if wrong:
            found.append(Finding(*spread.of_line(line), wrong))
        else:
            waiting += [(child, line, depth + 1) for child in node.iter_child_nodes()]
    return found


def _wrong(node: nodes.Node, kind: TextKind) -> str | None:
    if not isinstance(node, _ALLOWED):
        named = (said for types, said in _REFUSED if isinstance(node, types))
        return f"{next(named, 'так нельзя')}; {_ONLY}"
    if isinstance(node, nodes.Name):
        return _wrong_name(node.name, kind)
    return next(
        (said for types, right, said in _RULES if isinstance(node, types) and not right(node)), None
    )


def _wrong_name(name: str, kind: TextKind) -> str | None:
    if name in kind.variables:
        return None
    near = difflib.get_close_matches(name, kind.variables, n=1)
    if near:
        return f"нет значения «{name[:40]}»; может быть, «{near[0]}»?"
    return f"нет значения «{name[:40]}»; есть: {', '.join(kind.variables) or 'никаких'}"


def _of_text(spread: Spread) -> Iterator[Finding]:
    for offset, text in spread.data:
        for at, said in _wrong_words(text):
            yield Finding(*spread.place(offset + at), said)


def _wrong_words(text: str) -> Iterator[tuple[int, str]]:
    """(where, what) of all that no SMS may say."""
    if not text.replace("\n", "").isprintable():
        for at, char in enumerate(text):
            if not (char.isprintable() or char == "\n"):
                yield at, f"невидимый знак U+{ord(char):04X}: наберите это место заново"
    if found := plain.address(text):
        yield found.start(), "адреса сайтов в SMS не пишем"
    if found := plain.illness(text):
        yield found.start(), "о болезни в SMS не пишем"


def _of_shapes(tree: nodes.Template, kind: TextKind) -> list[Finding]:
    if shapes.count(tree.body) > SHAPES:
        return [Finding(*_FIRST, f"слишком много условий: у текста больше {SHAPES} видов")]
    shown = shapes.always_shown(tree.body)
    found = [
        f"значение {{{{ {name} }}}} должно быть в тексте при любых условиях"
        for name in kind.shows
        if name not in shown
    ]
    # An address or a word may be put together of pieces that are none.
    texts = ("".join(map(str, one)) for one in shapes.shapes(tree.body, _some_word))
    found += (said for text in texts for _, said in _wrong_words(text))
    return [Finding(*_FIRST, said) for said in dict.fromkeys(found)]


def _some_word(_name: str) -> tuple[str]:
    return ("слово",)


def _in_russian(message: str) -> str:
    for pattern, said in _SYNTAX:
        if match := re.search(pattern, message):
            return said.format(*match.groups())
    return f"это не похоже на шаблон; {_ONLY}"

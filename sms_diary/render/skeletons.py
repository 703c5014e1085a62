"""What stays the same in the texts of a template: the skeletons that operators register.

An operator bills «service» SMS as such only where the text matches a registered one, with operands
in place of what varies. Operands that stand next to each other become one, as registrars ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sms_diary.encoding import Scheme, transliterate
from sms_diary.render.kinds import KINDS, SEVERAL, VARIABLES, TextKind, Variable
from sms_diary.render.shapes import Gap, Piece, shapes
from sms_diary.render.templates import ENVIRONMENT

OPERAND = "%w{1,N}"
"""How most registrars write «from one to N words»; N is put in."""
_UNKNOWN = Variable("", 10)


def skeletons(
    source: str, kind: str = "", *, operand: str = OPERAND, scheme: Scheme | None = None
) -> list[str]:
    """Every shape that texts of a checked template of that kind can have, by its conditions.

    `operand` has N where the number of words belongs; with a `scheme` the fixed text is Latin.
    """
    found = []
    of_value = partial(_of_value, KINDS.get(kind, TextKind("")))
    for pieces in shapes(ENVIRONMENT.parse(source.strip()).body, of_value):
        text = "".join(
            piece if isinstance(piece, str) else f"\0{piece.words}\0" for piece in _merged(pieces)
        )
        if scheme:
            text = transliterate(text.replace("\0", "\n"), scheme).replace("\n", "\0")
        at = text.split("\0")
        at[1::2] = [operand.replace("N", words) for words in at[1::2]]
        found.append("".join(at).strip())
    return list(dict.fromkeys(found))


def _of_value(kind: TextKind, name: str) -> Sequence[Piece]:
    variable = VARIABLES.get(name, _UNKNOWN)
    words = SEVERAL if name == kind.several else variable.words
    return variable.choices or (Gap(words),)


def _merged(pieces: Sequence[Piece]) -> list[Piece]:
    """Texts joined, and gaps with nothing but a space between them made one."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, Gap) and found[-1:] == [" "] and isinstance(found[-2:][0], Gap):
            found.pop()
        last = found[-1] if found else None
        if isinstance(piece, str) and isinstance(last, str):
            found[-1] = last + piece
        elif isinstance(piece, Gap) and isinstance(last, Gap):
            found[-1] = Gap(last.words + piece.words)
        else:
            found.append(piece)
    return found

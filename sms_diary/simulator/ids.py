"""How a message id is written: the same number in the dialects of SMSCs (SMPP 3.4 §5.2.23).

What lives here: the forms and the way back. What does not: which form is used where.
"""

from typing import Final

DECIMAL: Final = "decimal"
_WRITTEN: Final = {"padded": "{:020d}", "hex": "{:X}", "hex-lower": "{:x}"}
_BASE: Final = {DECIMAL: 10, "padded": 10, "hex": 16, "hex-lower": 16}


def write(number: int, form: str) -> str:
    """Return the id as `options.IdForm` says."""
    return str(number) if form == DECIMAL else _WRITTEN[form].format(number)


def read(text: str, form: str) -> int | None:
    """Return the number of an id that was written so; None when it is none."""
    try:
        return int(text, _BASE[form])
    except ValueError:
        return None

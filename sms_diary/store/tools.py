"""What store functions need beside a transaction: ids to give, the vault to seal with, and what
operators' codes say of phones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sms_diary.ids import Ids
from sms_diary.model import Failure
from sms_diary.vault import Vault


def _nothing_known(_route: str, _code: str) -> Failure | None:
    return None


@dataclass(frozen=True, slots=True)
class Tools:
    ids: Ids
    vault: Vault
    of_phone: Callable[[str, str], Failure | None] = _nothing_known
    """What the code of a receipt (route, code) says of the phone itself: `blocked` or
    `bad-number`, from the provider's file; None where it says nothing of it."""

"""What store functions need beside a transaction: ids to give and the vault to seal with."""

from __future__ import annotations

from dataclasses import dataclass

from sms_diary.ids import Ids
from sms_diary.vault import Vault


@dataclass(frozen=True, slots=True)
class Tools:
    ids: Ids
    vault: Vault

"""What the operators' codes mean, route by route, as the configured routes know it."""

from __future__ import annotations

from collections.abc import Sequence

from sms_diary.app.routes import OwnRoute
from sms_diary.channels.smpp import results
from sms_diary.channels.smpp.statuses import GENERAL
from sms_diary.channels.spec.meanings import OfPhone, of_phone
from sms_diary.model import Failure


class Meanings:
    def __init__(self, routes: Sequence[OwnRoute]) -> None:
        self._routes = {one.name: one for one in routes}

    def phone(self, route: str, code: str) -> Failure | None:
        """What the code of a receipt says of the phone itself."""
        said = self._of_phone(route, code)
        return said.failure if said else None

    def receipt(self, route: str, code: str) -> str:
        """What the code of a receipt means, in Russian; "" when nobody knows. Some operators write
        the same numbers there as in refusals, and mean something else."""
        said = self._of_phone(route, code)
        if said is None:
            return ""
        return said.reason or (GENERAL[said.failure] if said.failure else "")

    def refusal(self, route: str, code: str) -> str:
        """What the code of a refusal means, in Russian; "" when nobody knows."""
        known = self._routes.get(route)
        return known.explain(code) if known else results.reason(code)

    def _of_phone(self, route: str, code: str) -> OfPhone | None:
        known = self._routes.get(route)
        return of_phone(known.of_phones, code) if known else None

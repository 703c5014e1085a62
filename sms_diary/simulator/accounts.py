"""Who may bind: names, passwords, how many sessions, and how long nobody.

What lives here: the answer to a bind. What does not: the bind itself (`session.py`).
"""

from sms_diary.simulator import spec, wire
from sms_diary.simulator.options import Links
from sms_diary.simulator.rules import status_of


class Accounts:
    """The accounts of the SMSC; `opened` is the moment it was started, seconds of any clock."""

    def __init__(self, options: Links, opened: float) -> None:
        self._passwords = {options.system_id: options.password, **options.accounts}
        self._most = options.max_sessions
        self._refusals = options.refuse_binds
        self._closed_until = opened + options.refuse_seconds
        self._busy = status_of(options.refuse_status)

    def check(self, bind: wire.Bind, sessions: int, now: float) -> int:
        """Return the command_status for a bind of an account that has so many sessions already."""
        if self._refusals:
            self._refusals -= 1
            return self._busy
        if now < self._closed_until:
            return self._busy
        password = self._passwords.get(bind.system_id)
        if password is None:
            return spec.ESME_RINVSYSID
        if password != bind.password:
            return spec.ESME_RINVPASWD
        if self._most is not None and sessions >= self._most:
            return self._busy
        return spec.ESME_ROK

"""The timers of a session (SMPP 3.4 §7.2): what the silence of a peer asks for.

Pure: the time is passed in, and what is due is said, not done. The session_init timer is
`link.py`'s; the answer to each part has its time in `window.py`.
"""

from __future__ import annotations

from enum import StrEnum

from sms_diary.channels.smpp.settings import SmppSettings


class Due(StrEnum):
    """What is to be done now; the last three end the session and are the reason for it."""

    NOTHING = ""
    ENQUIRE = "enquire_link"
    IDLE = "nothing to do for too long"
    SILENT = "the peer does not answer"
    DEAF = "the peer does not read"


class Timers:
    """When one peer was last heard of. All times are seconds of one monotonic clock."""

    def __init__(self, settings: SmppSettings, now: float) -> None:
        self._settings = settings
        self._heard_at = self._answered_at = self._worked_at = now
        self._asked_at: float | None = None
        self._congested_at: float | None = None

    @property
    def period(self) -> float:
        """How often it is worth to look."""
        settings = self._settings
        shortest = min(settings.enquire_link, settings.response_timeout)
        if settings.inactivity:
            shortest = min(shortest, settings.inactivity)
        return min(1.0, shortest / 4)

    def heard(self, now: float) -> None:
        """Octets came."""
        self._heard_at = now

    def answered(self, now: float) -> None:
        """A part was answered, or the bind."""
        self._answered_at = now

    def worked(self, now: float) -> None:
        """A part went out, or a receipt or an inbound SMS came in."""
        self._worked_at = now

    def enquired(self, now: float) -> None:
        self._asked_at = now

    def enquiry_answered(self) -> None:
        self._asked_at = None

    def congested(self, now: float | None) -> None:
        """Since when the peer takes nothing more; None: it does again."""
        self._congested_at = now

    def restart(self, now: float) -> None:
        """We did not read for a while: the peer's time starts anew."""
        self._heard_at = self._answered_at = self._worked_at = now
        if self._congested_at is not None:
            self._congested_at = now

    def answers_nothing(self, since: float) -> bool:
        """Whether no part was answered since then."""
        return self._answered_at <= since

    def due(self, now: float, *, busy: bool) -> Due:
        """What is to be done; `busy`: something is on its way, so that inactivity is none."""
        settings = self._settings
        patience = settings.response_timeout
        if self._congested_at is not None and now - self._congested_at >= patience:
            return Due.DEAF
        if self._asked_at is not None:
            silent_since = max(self._asked_at, self._heard_at)
            return Due.SILENT if now - silent_since >= patience else Due.NOTHING
        if settings.inactivity and not busy and now - self._worked_at >= settings.inactivity:
            return Due.IDLE
        if now - self._heard_at >= settings.enquire_link:
            return Due.ENQUIRE
        return Due.NOTHING

"""How a request names the paper that a consent, a number or a question stands on."""

from __future__ import annotations

from sms_diary.api.shapes import Body, Day, Name, Remark


class Evidence(Body):
    """What the paper is, its form, who took it, and its date."""

    source: Remark
    form: Name
    by: Name
    date: Day


def proof(said: Evidence) -> dict[str, str]:
    """The same as the ledger keeps it."""
    return {"source": said.source, "form": said.form, "by": said.by, "date": said.date}

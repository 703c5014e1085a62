"""How journals are filled: days at home, the plan of introduction, the word to the staff."""

from __future__ import annotations

from tests.desk.examples import Example

AWAY = {"do": "add", "class": "", "first": "2026-11-16", "last": "2026-11-18", "why": "quarantine"}
EXAMPLES = {
    "reports/fill/away": Example(form=AWAY),
    "reports/fill/alarm": Example(form={"on": "true"}),
    "reports/introduction": Example(form={"do": "plan", "live": "2026-12-01"}),
}

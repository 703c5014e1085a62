"""Settings as a school may have them, its mode and a colleague's number."""

from tests.desk.examples import Example

SETTINGS = {
    "name": "Школа № 5", "short_name": "Школа 5", "zone": "Asia/Omsk", "phone": "8 (900) 000-10-00",
    "legal": "", "latin": "0", "scheme": "mosmetro", "naming": "name-initial", "budget": "3",
    "settle": "60", "cap": "4", "budget_month": "9000", "retention": "30", "proof": "sms+pd",
}  # fmt: skip
EXAMPLES = {
    "settings": Example(form=SETTINGS),
    "settings/mode": Example(form={"mode": "test", "sure": "1"}),
    "settings/staff": Example(form={"number": "+7 900 000-90-01"}),
    "settings/staff/remove": Example(form={"number": "1"}),
}

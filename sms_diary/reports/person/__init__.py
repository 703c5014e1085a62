"""What is held on a person, and the act that it was destroyed: for programs, and to print (A4).

Values in, text out; `store/persons/` and `store/destruction.py` read them. An act names nobody:
the program knows no name any more, so that line is left to be written by hand.
"""

from sms_diary.reports.person.act import act
from sms_diary.reports.person.as_json import as_json
from sms_diary.reports.person.as_page import as_page

__all__ = ["act", "as_json", "as_page"]

"""Papers for parents, as pages to print (A4): a memo, two consent forms, a register, slips.

Values in, HTML out: who is in a class is read by `store/paper.py`, files are written by the
command line. A page needs no other file, no network and no script.

Two forms, because since 1 September 2025 a consent to the processing of personal data is a
document of its own (152-ФЗ ст. 9 ч. 1 as of 156-ФЗ); the consent to SMS is that of 126-ФЗ
ст. 44.1. Their texts are a template: the school's lawyer has the last word.
"""

from __future__ import annotations

from sms_diary.reports.paper.pages import consents, memo, register
from sms_diary.reports.paper.sheet import VERSION, Form, Sheet
from sms_diary.reports.paper.slips import Slip, slips

__all__ = ["VERSION", "Form", "Sheet", "Slip", "consents", "memo", "register", "slips"]

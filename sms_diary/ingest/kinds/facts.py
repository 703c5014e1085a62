"""What files say that is no event of the diary: contacts, classes, journal filling, visits."""

from __future__ import annotations

from datetime import date

from sms_diary.ingest.files.contacts import ContactRow
from sms_diary.model import Topic
from sms_diary.values import value


@value
class Contact:
    """One guardian of one pupil, and what was ticked beside the consent.

    `topics`: those named on the form, None where the file says nothing of topics. `urgent`:
    consent to urgent SMS at early and late hours; `personal_data`: the document of its own on
    personal data. Both are None where the file is silent. `ref` is the source's id of the pupil.
    """

    row: ContactRow
    topics: tuple[Topic, ...] | None = None
    urgent: bool | None = None
    personal_data: bool | None = None
    ref: str = ""


@value
class ClassFact:
    """A class that exists; `ref` is the source's id of it."""

    title: str
    ref: str = ""


@value
class FillRecord:
    """One act of filling the class journal. Who did it is dropped on reading.

    `done` is the day of the act, `lesson` the day of the lesson that it is about, if any.
    `period` and `action` are the journal's own words.
    """

    class_name: str
    subject: str
    done: date
    lesson: date | None
    period: str
    action: str


@value
class VisitsFact:
    """How often the users of a role came in; no user is named.

    `active` are those who came at least once, None where the file does not count by user.
    `period` as the report says it, "" where it does not.
    """

    role: str
    users: int
    active: int | None
    visits: int
    period: str = ""


Fact = Contact | ClassFact | FillRecord | VisitsFact

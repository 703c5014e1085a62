"""The events a school may post, as pydantic models: the public schema of the webhook.

Shapes only; the fields' limits and cleaning are in `fields`. `parsing` turns bytes into
these and errors into Russian; `drafts` turns these into what the accept stage consumes.
Unknown fields are errors.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, TypeAdapter, model_validator

from sms_diary.ingest.fields import (
    Absence,
    AnySubject,
    ClassName,
    Comment,
    Day,
    LessonNumber,
    Mark,
    Moment,
    Name,
    Ordinal,
    Parallel,
    Ref,
    Room,
    Start,
    Subject,
    Term,
    Text,
    Title,
    Weight,
    Work,
    problem,
)

MAX_EVENTS = 1000
"""Events in one request."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Pupil(_Strict):
    """A pupil by the school's own id, or by class and name: exactly one of the two ways."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["id"], "maxProperties": 1},
                {"required": ["class", "name"], "maxProperties": 2},
            ]
        }
    )

    id: Ref | None = None
    class_name: ClassName | None = Field(None, alias="class")
    name: Name | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Pupil:
        if self.id is None:
            named = self.class_name is not None and self.name is not None
        else:
            named = self.class_name is None and self.name is None
        if not named:
            raise problem("pupil-ways")
        return self


class Audience(_Strict):
    """Whom an announcement is for: the school, some parallels, some classes, or some pupils."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    school: Literal[True] | None = None
    parallels: Annotated[list[Parallel], Field(min_length=1, max_length=12)] | None = None
    """All classes of that number: 5 is 5А, 5Б, 5В."""
    classes: Annotated[list[ClassName], Field(min_length=1, max_length=200)] | None = None
    pupils: Annotated[list[Pupil], Field(min_length=1, max_length=1000)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Audience:
        ways = (self.school, self.parallels, self.classes, self.pupils)
        if sum(way is not None for way in ways) != 1:
            raise problem("audience-ways")
        return self


class _Event(_Strict):
    """What all events have. `at` without a zone is the school's local time."""

    at: Moment | None = None
    ref: Ref | None = None
    silent: StrictBool = False


class _OfLesson(_Event):
    """The natural key of what a pupil got at a lesson."""

    pupil: Pupil
    subject: Subject
    day: Day = Field(alias="date")
    lesson: LessonNumber | None = None
    work: Work | None = None
    ordinal: Ordinal | None = Field(None, alias="n")


class MarkSet(_OfLesson):
    kind: Literal["mark.set"]
    mark: Mark
    weight: Weight | None = None
    comment: Comment | None = None


class MarkRemoved(_OfLesson):
    kind: Literal["mark.removed"]


class AbsenceSet(_Event):
    """An absence or, with an empty code, its withdrawal. No subject: the whole day."""

    kind: Literal["absence.set"]
    pupil: Pupil
    day: Day = Field(alias="date")
    subject: AnySubject | None = None
    lesson: LessonNumber | None = None
    code: Absence
    comment: Comment | None = None


class TermMarkSet(_Event):
    kind: Literal["term_mark.set"]
    pupil: Pupil
    subject: Subject
    term: Term
    mark: Mark
    comment: Comment | None = None


class HomeworkSet(_Event):
    """`date` is the day for which the homework is due."""

    kind: Literal["homework.set"]
    class_name: ClassName = Field(alias="class")
    subject: Subject
    day: Day = Field(alias="date")
    lesson: LessonNumber | None = None
    text: Text


class Lesson(_Strict):
    lesson: LessonNumber
    subject: Subject
    room: Room | None = None
    start: Start | None = None


class TimetableSet(_Event):
    """The lessons of one class on one day; an empty list says that there are none."""

    kind: Literal["timetable.set"]
    class_name: ClassName = Field(alias="class")
    day: Day = Field(alias="date")
    lessons: Annotated[list[Lesson], Field(max_length=40)]


class TimetableChanged(_Event):
    """One lesson that will not be as planned: another subject or room, or none at all."""

    kind: Literal["timetable.changed"]
    class_name: ClassName = Field(alias="class")
    day: Day = Field(alias="date")
    lesson: LessonNumber
    subject: AnySubject | None = None
    instead_of: AnySubject | None = None
    room: Room | None = None
    cancelled: StrictBool = False
    text: Comment | None = None

    @model_validator(mode="after")
    def _says_something(self) -> TimetableChanged:
        if not (self.subject or self.room or self.cancelled or self.text):
            raise problem("empty-change")
        return self


class AnnouncementPosted(_Event):
    """`date` is the day it speaks of, `until` the last day on which it is worth telling.

    Nobody is told before `not_before`.
    """

    kind: Literal["announcement.posted"]
    audience: Audience
    text: Text
    title: Title | None = None
    day: Day | None = Field(None, alias="date")
    until: Day | None = None
    not_before: Moment | None = None
    urgent: StrictBool = False


Record = Annotated[
    MarkSet
    | MarkRemoved
    | AbsenceSet
    | HomeworkSet
    | TermMarkSet
    | TimetableSet
    | TimetableChanged
    | AnnouncementPosted,
    Field(discriminator="kind"),
]
KINDS = (
    "mark.set",
    "mark.removed",
    "absence.set",
    "homework.set",
    "term_mark.set",
    "timetable.set",
    "timetable.changed",
    "announcement.posted",
)

_Many = Annotated[list[Record], Field(min_length=1, max_length=MAX_EVENTS)]
RECORDS: TypeAdapter[list[Record]] = TypeAdapter(_Many)
"""The one adapter: an array of events, straight from JSON bytes."""
EVENTS: TypeAdapter[Record | list[Record]] = TypeAdapter(Record | _Many)
"""What a body may be, for its description: one event needs no array."""

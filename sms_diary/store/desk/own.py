"""What of a school somebody at the desk may see: all of it, or what concerns their own classes.

A class teacher sees a message if nothing in it is about another class: a parent of two children
may get both into one text, and that text is no single class's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sms_diary.db import Queries
from sms_diary.values import value

_MEMBERS = """select b.pupil_id from membership b where {} and b.from_day <= :day
    and (b.to_day is null or b.to_day >= :day)"""
# Ids stand in one parameter, «,12,15,»: the same words serve any number of classes.
_OWN_MEMBERS = _MEMBERS.format(":own like '%,' || b.class_id || ',%'")
_OWN_CLASS = ":own like '%,' || {} || ',%'"


@value
class Own:
    """`classes`: ids of one's own, None: all of the school; `day` (ISO): who is in them today."""

    classes: frozenset[int] | None
    day: str

    def given(self) -> dict[str, Any]:
        """The parameters of `condition`."""
        if self.classes is None:
            return {}
        return {"own": f",{','.join(map(str, sorted(self.classes)))},", "day": self.day}

    def condition(self, message: str) -> list[str]:
        """What a message must be (SQL over this alias) to be seen; none where all may be.

        Its guardian has a child of ours; nothing it tells is another class's; and where it tells
        nothing of the diary (an answer, a question), the guardian has no child elsewhere.
        """
        if self.classes is None:
            return []
        return [
            _follows(f"{message}.guardian_id"),
            f"""not exists (select 1 from line l join entry e on e.id = l.entry_id
                where l.message_id = {message}.id and {_another("l", "e")})""",
            f"""(exists (select 1 from line l where l.message_id = {message}.id)
                or not exists (select 1 from subscription s
                  where s.guardian_id = {message}.guardian_id
                    and s.pupil_id not in ({_OWN_MEMBERS})))""",
        ]

    def line_condition(self, line: str, entry: str) -> list[str]:
        """The same for a line of its own, which no message tells."""
        if self.classes is None:
            return []
        return [_follows(f"{line}.guardian_id"), f"not ({_another(line, entry)})"]

    def guardian_condition(self, guardian_id: str) -> list[str]:
        """What a guardian must be, by this column: one of a child of ours."""
        return [] if self.classes is None else [_follows(guardian_id)]

    def about_class(self, message: str) -> str:
        """What a message must be to be one of the class `:class_id`: about a pupil in it, or about
        no pupil by name."""
        members = _MEMBERS.format("b.class_id = :class_id")
        about = f"select 1 from line l where l.message_id = {message}.id and l.pupil_id <> 0"
        return f"(not exists ({about}) or exists ({about} and l.pupil_id in ({members})))"

    def line_of_class(self, line: str) -> str:
        """The same for a line of its own."""
        members = _MEMBERS.format("b.class_id = :class_id")
        return f"""({line}.pupil_id in ({members}) or {line}.pupil_id = 0 and :class_id = (
            select who from entry where entry.id = {line}.entry_id))"""

    async def numbers_of(
        self, q: Queries, school_id: int, class_ids: Iterable[int]
    ) -> Sequence[int]:
        """The numbers of all who follow a pupil that is in one of these classes today."""
        rows = await q.over(
            """with rows(class_id bigint)
               select distinct g.number_id
               from rows join membership b on b.class_id = rows.class_id
               join subscription s on s.pupil_id = b.pupil_id
               join guardian g on g.id = s.guardian_id
               where b.school_id = :school_id and b.from_day <= :day
                 and (b.to_day is null or b.to_day >= :day)""",
            sorted({(class_id,) for class_id in class_ids}),
            school_id=school_id,
            day=self.day,
        )
        return [row["number_id"] for row in rows]


def _follows(guardian_id: str) -> str:
    return f"""exists (select 1 from subscription s where s.guardian_id = {guardian_id}
        and s.pupil_id in ({_OWN_MEMBERS}))"""


def _another(line: str, entry: str) -> str:
    return f"""case when {line}.pupil_id <> 0 then {line}.pupil_id not in ({_OWN_MEMBERS})
        when {entry}.who <> 0 then not ({_OWN_CLASS.format(f"{entry}.who")})
        else exists (select 1 from audience a where a.entry_id = {entry}.id)
          and not exists (select 1 from audience a where a.entry_id = {entry}.id
            and ({_OWN_CLASS.format("a.class_id")} or a.pupil_id in ({_OWN_MEMBERS})))
        end"""

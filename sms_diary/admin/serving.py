"""Answering a request to the desk: who it is, whether they may, the screen, the audit log.

Whatever goes wrong becomes a Russian page that repeats nothing of the request.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import structlog
from aiohttp import web

from sms_diary.admin import forms, layout
from sms_diary.admin.forms import Unreadable
from sms_diary.admin.screen import (
    Answer,
    Desk,
    Download,
    Missing,
    Page,
    Redirect,
    Refused,
    Screen,
    Visit,
    Work,
)
from sms_diary.db import Queries
from sms_diary.store import schools
from sms_diary.store.desk import audit, sessions
from sms_diary.store.desk.audit import Note
from sms_diary.store.desk.sessions import Session
from sms_diary.store.desk.users import EVERY_SCHOOL, User
from sms_diary.store.schools import School
from sms_diary.web.security import HEADERS, Gate

log = structlog.get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SCHOOL = "{school:[a-z0-9][a-z0-9-]{0,39}}"
_PARAMETER = re.compile(r"\{(\w+)\}")
_FIRST_ERROR = 400
_ERRORS = {
    400: ("Запрос не понят", "Откройте страницу заново и повторите."),
    403: ("Сюда нет доступа", "У вашей роли нет права на это. Его даёт администратор школы."),
    404: ("Такой страницы нет", "Возможно, запись удалена или адрес набран с ошибкой."),
    405: ("Так сюда не обращаются", "Откройте страницу по ссылке из меню."),
    409: ("Сейчас так нельзя", "Откройте страницу заново: с тех пор что-то изменилось."),
    503: ("Сейчас не получилось", "Подождите минуту и повторите: ничего не изменилось."),
}


class _Undo(Exception):
    """The answer says that nothing was changed, so nothing is."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The screens over HTTP."""

    desk: Desk
    gate: Gate
    screens: Sequence[Screen]

    def routes(self) -> list[web.RouteDef]:
        found = []
        for screen in self.screens:
            address = screen.address.replace("{school}", "\0")
            address = _PARAMETER.sub(_pattern, address).replace("\0", _SCHOOL)
            found.append(web.route("*", address, guarded(self._of(screen))))
        return found

    def _of(self, screen: Screen) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            if request.method in ("GET", "HEAD") and screen.show is not None:
                return await self._look(screen, screen.show, request)
            if request.method == "POST" and screen.act is not None:
                return await self._act(screen, screen.act, request)
            return failed(405)

        return handle

    async def _look(self, screen: Screen, show: Work, request: web.Request) -> web.StreamResponse:
        async with self.desk.database.reading() as q:
            visit = await self._visit(q, screen, request)
            if visit is None:
                return to_the_door(request)
            if not screen.admits(visit.user):
                return failed(403)
            answer = await show(visit)
        await self._after_a_look(visit, answer)
        return self._response(visit, answer)

    async def _act(self, screen: Screen, act: Work, request: web.Request) -> web.StreamResponse:
        if not self.gate.own(request):
            return failed(403, "Эта форма отправлена не со страницы службы. Откройте её заново.")
        async with self.desk.database.reading() as q:
            visit = await self._visit(q, screen, request)
        if visit is None:
            return to_the_door(request)
        if not screen.admits(visit.user, acting=True):
            return failed(403)
        visit.transaction = None
        async with forms.received(request, upload=screen.upload) as visit.posted:
            answer = await (self._alone if screen.own_transactions else self._within)(visit, act)
        for wake in visit.wakes:
            wake.set()
        return self._response(visit, answer)

    async def _within(self, visit: Visit, act: Work) -> Answer:
        """Do it in one transaction, with its notes; not at all if it answers with errors."""
        answer: Answer | None = None
        try:
            async with self.desk.database.transaction() as q:
                visit.transaction = q
                answer = await act(visit)
                if isinstance(answer, Page) and answer.status >= _FIRST_ERROR:
                    raise _Undo
                await self._write(q, visit, answer)
        except _Undo:
            visit.wakes.clear()
        assert answer is not None
        return answer

    async def _alone(self, visit: Visit, act: Work) -> Answer:
        answer = await act(visit)
        async with self.desk.database.transaction() as q:
            await self._write(q, visit, answer)
        return answer

    async def _after_a_look(self, visit: Visit, answer: Answer) -> None:
        if visit.screen.persons and "id" in visit.ids:
            before = visit.screen.path.partition("/{id}")[0]
            visit.notes.insert(0, Note("saw", before.rpartition("/")[2], visit.id))
        used = visit.session.to_be_noted(visit.now)
        if visit.notes or used or isinstance(answer, Download):
            async with self.desk.database.transaction() as q:
                await self._write(q, visit, answer)
                if used:
                    await sessions.note(q, visit.session.id, now=visit.now)

    async def _write(self, q: Queries, visit: Visit, answer: Answer) -> None:
        """What is kept of a request: its notes, and what the next page is to say."""
        if isinstance(answer, Download):
            visit.note("exported", visit.screen.path.split("/")[0], 0, answer.name)
        if visit.notes:
            school = visit.school_or_none
            await audit.write(
                q, visit.tools, school.id if school else 0, visit.user.id, visit.notes,
                now=visit.now,
            )  # fmt: skip
        if isinstance(answer, Redirect) and answer.said:
            await sessions.say(q, visit.session.id, answer.said)

    async def _visit(self, q: Queries, screen: Screen, request: web.Request) -> Visit | None:
        """Who comes; None for nobody who is signed in. Raises Missing for another's school."""
        session = await session_of(q, self.gate, request, now=self.desk.clock.now())
        if session is None:
            return None
        ids = dict(request.match_info)
        slug = ids.pop("school", "")
        school = await school_of(q, session.user, slug) if screen.of_school else None
        return Visit(
            self.desk, screen, session, self.desk.clock.now(), ids, request.query, school, q,
            origin=self.gate.origin(request),
        )  # fmt: skip

    def _response(self, visit: Visit, answer: Answer) -> web.StreamResponse:
        if isinstance(answer, Redirect):
            return redirect(visit.to(answer.path))
        if isinstance(answer, Page):
            return layout.rendered(visit, answer, self.screens)
        name = quote(answer.name)
        said = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return web.Response(
            body=answer.body, content_type=answer.content_type, headers=HEADERS | said
        )


def guarded(handler: Handler) -> Handler:
    """The handler, whose every failure is a page of ours."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except (Missing, web.HTTPNotFound):
            return failed(404)
        except Refused as refused:
            return failed(409, str(refused), back=_came_from(request))
        except Unreadable as unreadable:
            return failed(400, str(unreadable), back=_came_from(request))
        except web.HTTPException as error:
            return failed(error.status)
        except Exception as error:  # whoever asked must be told to come again
            log.error("a page failed", page=handler.__qualname__, error=type(error).__name__)
            return failed(503)

    return handle


async def session_of(q: Queries, gate: Gate, request: web.Request, *, now: int) -> Session | None:
    secret = gate.secret(request)
    return await sessions.find(q, secret, now=now) if secret else None


async def school_of(q: Queries, user: User, slug: str) -> School:
    """The school of an address, if it is this user's to see; Missing else."""
    school = await schools.by_slug(q, slug)
    if school is None or user.school_id not in (EVERY_SCHOOL, school.id):
        raise Missing
    return school


def redirect(address: str) -> web.Response:
    return web.Response(status=303, headers=HEADERS | {"Location": address})


def to_the_door(request: web.Request) -> web.Response:
    """To sign in, and then back to what was asked for (a page that was looked at)."""
    back = request.path_qs if request.method in ("GET", "HEAD") else ""
    return redirect("/desk/-/login" + (f"?next={quote(back, safe='/')}" if back else ""))


def failed(status: int, said: str = "", *, back: str = "") -> web.Response:
    """The page of an error; its texts are all our own. `back`: the page to try again from."""
    title, usual = _ERRORS.get(status, _ERRORS[400])
    values = {"title": title, "said": said or usual, "back": back}
    return layout.html("failed.html", values, status=status)


def _came_from(request: web.Request) -> str:
    """The page of the desk whose form was sent; only its path, so that nobody leads elsewhere."""
    path = urlsplit(request.headers.get("Referer", "")).path
    return path if path.startswith("/desk/") else ""


def _pattern(match: re.Match[str]) -> str:
    name = match[1]
    return f"{{{name}:[0-9]{{1,19}}}}" if name.endswith("id") else f"{{{name}:[a-z0-9._-]{{1,60}}}}"

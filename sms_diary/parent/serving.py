"""Answering a request: who it is, the page, errors. No answer repeats anything of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

import structlog
from aiohttp import web

from sms_diary.db import Queries
from sms_diary.parent import layout
from sms_diary.parent.layout import failed, html, redirect
from sms_diary.parent.visit import Answer, Page, Redirect, Site, Visit, Work
from sms_diary.store import schools
from sms_diary.store.parent import family, sessions, slips
from sms_diary.store.parent.sessions import Session
from sms_diary.web import posted
from sms_diary.web.posted import Posted, Unreadable
from sms_diary.web.security import Gate

log = structlog.get_logger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_ELSEWHERE = "Эта форма отправлена не со страницы дневника. Откройте страницу заново."
_ERRORS = {
    404: ("Такой страницы нет", "Начните с первой страницы."),
    405: ("Так сюда не обращаются", "Начните с первой страницы."),
}


class Elsewhere(Exception):
    """A form that was not sent from our own page."""


@dataclass(frozen=True, slots=True)
class Serving:
    """`gate` has the session's cookie, `asks` that of a browser that waits for a code."""

    site: Site
    gate: Gate
    asks: Gate

    def look(self, path: str, show: Work) -> web.RouteDef:
        async def handle(request: web.Request) -> web.StreamResponse:
            now = self.site.clock.now()
            async with self.site.database.reading() as q:
                session = await self.session(q, request)
                if session is None or await is_new(q, session):
                    return redirect("/my/password" if session else "/my")
                visit = await self._visit(q, session, request)
                answer = await show(visit)
            if session.to_be_noted(now):
                async with self.site.database.transaction() as q:
                    await sessions.note(q, session.id, now=now)
            return self._response(visit, path, answer)

        return web.get(path, guarded(handle))

    def act(self, path: str, work: Work) -> web.RouteDef:
        """One transaction; what went wrong leaves nothing behind."""

        async def handle(request: web.Request) -> web.StreamResponse:
            form = await self.form(request)
            async with self.site.database.transaction() as q:
                session = await self.session(q, request)
                if session is None or await is_new(q, session):
                    return redirect("/my/password" if session else "/my")
                visit = await self._visit(q, session, request)
                visit.posted = form
                answer = await work(visit)
                await sessions.note(q, session.id, now=visit.now)
                if isinstance(answer, Redirect) and answer.said:
                    await sessions.say(q, session.id, answer.said)
            for wake in (self.site.wakes.compose, self.site.wakes.dispatch, self.site.wakes.codes):
                wake.set()
            return self._response(visit, path, answer)

        return web.post(path, guarded(handle))

    async def form(self, request: web.Request) -> Posted:
        """What was posted from our own page. Raises Elsewhere, Unreadable."""
        if not self.gate.own(request):
            raise Elsewhere
        return await posted.read(request)

    async def session(self, q: Queries, request: web.Request) -> Session | None:
        secret = self.gate.secret(request)
        return await sessions.find(q, secret, now=self.site.clock.now()) if secret else None

    def address(self, request: web.Request) -> str:
        said = request.headers.getall("X-Forwarded-For", [])
        return came_from(request.remote or "", said, self.site.proxies)

    async def _visit(self, q: Queries, session: Session, request: web.Request) -> Visit:
        own = await family.of_session(q, self.site.tools, session)
        return Visit(
            self.site, session, own, await schools.by_ids(q, own.school_ids), q,
            self.site.clock.now(), self.asks.secret(request), self.address(request),
        )  # fmt: skip

    def _response(self, visit: Visit, path: str, answer: Answer) -> web.Response:
        if isinstance(answer, Redirect):
            response = redirect(answer.path)
            if answer.asked:
                self.asks.let_in(response, answer.asked)
            return response
        return _page(visit, path, answer)


def came_from(remote: str, said: Sequence[str], proxies: Sequence[str]) -> str:
    """Where somebody comes from: what our own proxies say in `X-Forwarded-For`, else `remote`.

    A proxy may add a header of its own below one that a client has sent: the last word counts.
    """
    words = [one.strip() for one in reversed(",".join(said).split(",")) if one.strip()]
    seen = [remote, *words]
    return _place(next((one for one in seen if one not in proxies), seen[-1]))


def _place(address: str) -> str:
    """What limits count as one: an IPv4 address, a network of IPv6 (one computer has 2^64)."""
    try:
        known = ip_address(address)
    except ValueError:
        return address[:64]
    known = getattr(known, "ipv4_mapped", None) or known
    if isinstance(known, IPv4Address):
        return str(known)
    return str(ip_network((int(known), 64), strict=False))


def _page(visit: Visit, path: str, page: Page) -> web.Response:
    frame: dict[str, Any] = {
        "navigation": [(href, name, href == path) for href, name in layout.NAVIGATION],
        "said": visit.session.said, "phones": [
            (one.name, one.phone) for one in visit.schools.values() if one.phone
        ],
    }  # fmt: skip
    values = frame | dict(page.values)
    return html(page.template, page.title, values, status=page.status, inside=True)


async def is_new(q: Queries, session: Session) -> bool:
    """Whether this is a slip whose printed password must be changed before anything is shown."""
    if not session.slip_id:
        return False
    slip = await slips.one(q, session.slip_id)
    return slip is not None and slip.changed_at is None


def guarded(handler: Handler) -> Handler:
    """The handler, whose every failure is a page of ours."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except Elsewhere:
            return failed(403, "Форма не принята", _ELSEWHERE)
        except Unreadable as unreadable:
            return failed(400, "Форма не читается", str(unreadable))
        except web.HTTPException as error:
            return failed(error.status, *_ERRORS.get(error.status, _ERRORS[404]))
        except Exception as error:  # whoever asked must be told to come again
            log.error("a page failed", page=handler.__qualname__, error=type(error).__name__)
            said = "Подождите минуту и повторите: ничего не изменилось."
            return failed(503, "Сейчас не получилось", said)

    return handle

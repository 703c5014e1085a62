"""The ways in and out: a code by SMS, a slip of paper, «Выйти».

Whether a number is known, neither the words nor the time of an answer tell: they do not depend on
it. Numbers and codes come in forms and stand in no address.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from sms_diary.db import Queries
from sms_diary.parent.layout import html, redirect
from sms_diary.parent.serving import Serving, guarded, is_new
from sms_diary.phone import normalise
from sms_diary.store import schools
from sms_diary.store.parent import codes, family, limits, sessions, slips, visits
from sms_diary.store.parent.codes import TO_COME_IN, Answer
from sms_diary.store.parent.sessions import Session
from sms_diary.web import passwords

_NOT_DIGITS = re.compile(r"\D")
WRONG_NUMBER = "Нужен номер мобильного телефона, например +7 900 000-10-01."
TOO_MANY = "Кодов запросили слишком много. Введите последний, который пришёл, или подождите час."
CODE_SHAPE = "В коде шесть цифр. Наберите их все, без букв."
CODE_SAID = {
    Answer.WRONG: "Код не подошёл. Проверьте цифры и введите ещё раз.",
    Answer.OVER: "Этот код больше не действует. Запросите новый.",
    Answer.TOO_MANY: "Слишком много попыток подряд. Подождите час и запросите новый код.",
}
_SLIP = "Логин или пароль не подошли. Наберите их как на листке; если пароль уже меняли — свой."
_CLOSED = (
    "Страница закрылась: так бывает, если долго ничего не нажимать. Войдите ещё раз."
    " Что не успели сохранить, не сохранилось."
)
_MANY_SLIPS = "Слишком много попыток подряд. Подождите 15 минут и попробуйте снова."
_KEPT = "Пароль сохранён. Логин остался прежним, как на листке: не потеряйте его."
_ANOTHER = "Пароль с листка больше не годится: придумайте другой."
_MOST_PHONES = 100


@dataclass(frozen=True, slots=True)
class WayIn:
    serving: Serving

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/my/ask", guarded(self.ask)),
            web.get("/my/code", guarded(self.code_page)),
            web.post("/my/code", guarded(self.check)),
            web.get("/my/paper", guarded(self.paper_page)),
            web.post("/my/paper", guarded(self.paper)),
            web.get("/my/password", guarded(self.password_page)),
            web.post("/my/password", guarded(self.set_password)),
            web.post("/my/logout", guarded(self.logout)),
            web.get("/my/bye", guarded(self.bye)),
        ]

    # ------------------------------------------------------------ a code by SMS

    async def ask(self, request: web.Request) -> web.Response:
        form = await self.serving.form(request)
        number = normalise(form.fields.get("number", [""])[-1].strip())
        if number is None:
            return door(WRONG_NUMBER, status=422)
        site = self.serving.site
        async with site.database.transaction() as q:
            secret = await codes.ask(
                q, site.tools, number, session_id=TO_COME_IN,
                address=self.serving.address(request), now=site.clock.now(),
            )  # fmt: skip
            waits = await self._waits(q, request)
        if secret is None:
            return door(TOO_MANY, status=429, waits=waits)
        site.wakes.codes.set()
        response = redirect("/my/code")
        self.serving.asks.let_in(response, secret)
        return response

    async def code_page(self, request: web.Request) -> web.Response:
        async with self.serving.site.database.reading() as q:
            if not await self._waits(q, request):
                return redirect("/my")
            return await self._code_page(q)

    async def check(self, request: web.Request) -> web.Response:
        """A session for whoever types the code that was sent; the same words for all else."""
        form = await self.serving.form(request)
        typed = _NOT_DIGITS.sub("", form.fields.get("code", [""])[-1])
        site, secret = self.serving.site, self.serving.asks.secret(request)
        async with site.database.transaction() as q:
            if len(typed) != codes.DIGITS:
                return await self._code_page(q, CODE_SHAPE, status=422)
            answer, number_id = await codes.check(
                q, site.tools, secret, typed, session_id=TO_COME_IN,
                address=self.serving.address(request), now=site.clock.now(),
            )  # fmt: skip
            if answer is not Answer.RIGHT:
                status = 429 if answer is Answer.TOO_MANY else 422
                over = answer is not Answer.WRONG
                return await self._code_page(q, CODE_SAID[answer], status=status, over=over)
            begun = await self._begin(q, request, number_id=number_id)
        response = self._let_in(begun)
        self.serving.asks.let_out(response)
        return response

    async def _waits(self, q: Queries, request: web.Request) -> bool:
        secret, now = self.serving.asks.secret(request), self.serving.site.clock.now()
        return bool(secret) and await codes.is_asked(q, secret, session_id=TO_COME_IN, now=now)

    async def _code_page(
        self, q: Queries, wrong: str = "", *, status: int = 200, over: bool = False
    ) -> web.Response:
        values = {"wrong": wrong, "over": over, "phones": await _phones(q)}
        return html("code.html", "Код из SMS", values, status=status)

    # ------------------------------------------------------------ a slip of paper

    async def paper_page(self, _request: web.Request) -> web.Response:
        return _paper()

    async def paper(self, request: web.Request) -> web.Response:
        form = (await self.serving.form(request)).fields
        login = slips.read_login(form.get("login", [""])[-1])[:64]
        password = slips.read_password(form.get("password", [""])[-1])[: passwords.LONGEST]
        site, address = self.serving.site, self.serving.address(request)
        now = site.clock.now()
        async with site.database.transaction() as q:
            tried = await slips.attempt(q, site.tools, login, address, now=now)
            known = await slips.by_login(q, login) if tried is not None else None
        if tried is None:
            return _paper(_MANY_SLIPS, status=429)
        right = await passwords.fits(password, known[1] if known else "")
        if known is None or not right or not known[0].stands(now):
            return _paper(_SLIP, status=422)
        async with site.database.transaction() as q:
            if not await slips.still(q, known[0].id, known[1]):
                return _paper(_SLIP, status=422)
            await limits.give_back(q, tried)
            begun = await self._begin(q, request, slip_id=known[0].id)
        return self._let_in(begun)

    async def password_page(self, request: web.Request) -> web.Response:
        async with self.serving.site.database.reading() as q:
            session = await self._newcomer(q, request)
        return _password() if session else redirect("/my")

    async def set_password(self, request: web.Request) -> web.Response:
        """The family's own password in place of the printed one; then they are in."""
        form = await self.serving.form(request)
        password = slips.read_password(form.fields.get("password", [""])[-1])
        site = self.serving.site
        async with site.database.reading() as q:
            session = await self._newcomer(q, request)
            slip = await slips.one(q, session.slip_id) if session else None
            known = await slips.by_login(q, slip.login) if slip else None
        if session is None or known is None:
            return redirect("/my")
        wrong = passwords.wrong(password, known[0].login)
        if not wrong and await passwords.fits(password, known[1]):
            wrong = _ANOTHER
        if wrong:
            return _password(wrong)
        kept, now = await passwords.hashed(password), site.clock.now()
        async with site.database.transaction() as q:
            if await slips.set_password(q, known[0].id, kept, session_id=session.id, now=now):
                await sessions.say(q, session.id, _KEPT)
                await self._count(q, session)
        return redirect("/my")

    async def _newcomer(self, q: Queries, request: web.Request) -> Session | None:
        session = await self.serving.session(q, request)
        return session if session is not None and await is_new(q, session) else None

    # ------------------------------------------------------------ in and out

    async def _begin(
        self, q: Queries, request: web.Request, *, number_id: int = 0, slip_id: int = 0
    ) -> str:
        """A new session, whatever cookie came: nobody is let in under one that was planted."""
        site, now = self.serving.site, self.serving.site.clock.now()
        before = await self.serving.session(q, request)
        if before is not None:
            await sessions.end(q, before.id, now=now)
        secret = await sessions.begin(q, site.tools, number_id=number_id, slip_id=slip_id, now=now)
        session = await sessions.find(q, secret, now=now)
        if session is not None and not await is_new(q, session):
            await self._count(q, session)
        return secret

    async def _count(self, q: Queries, session: Session) -> None:
        site = self.serving.site
        own = await family.of_session(q, site.tools, session)
        visited = await schools.by_ids(q, own.school_ids)
        await visits.count(q, visited.values(), now=site.clock.now())

    def _let_in(self, secret: str) -> web.Response:
        response = redirect("/my")
        self.serving.gate.let_in(response, secret)
        return response

    async def logout(self, request: web.Request) -> web.Response:
        """Nothing stays in this browser. Its other cookies are not ours to clear."""
        await self.serving.form(request)
        site = self.serving.site
        async with site.database.transaction() as q:
            session = await self.serving.session(q, request)
            if session is not None:
                await sessions.end(q, session.id, now=site.clock.now())
        response = redirect("/my/bye")
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        for gate in (self.serving.gate, self.serving.asks):
            gate.let_out(response)
        return response

    async def bye(self, _request: web.Request) -> web.Response:
        return html("bye.html", "Вы вышли", {})


def door(wrong: str = "", *, status: int = 200, waits: bool = False) -> web.Response:
    values = {"wrong": wrong, "waits": waits, "said": ""}
    return html("door.html", "Вход для родителей", values, status=status)


def closed() -> web.Response:
    """The door for who was in."""
    values = {"wrong": "", "waits": False, "said": _CLOSED}
    return html("door.html", "Вход для родителей", values)


def _paper(wrong: str = "", *, status: int = 200) -> web.Response:
    return html("paper.html", "Вход по листку", {"wrong": wrong}, status=status)


def _password(wrong: str = "") -> web.Response:
    values = {"wrong": wrong, "shortest": passwords.SHORTEST}
    return html("password.html", "Придумайте пароль", values, status=422 if wrong else 200)


async def _phones(q: Queries) -> Sequence[tuple[str, str]]:
    """Every school with its telephone: the same list whoever asks."""
    known = [one for one in await schools.every(q) if one.phone]
    return [(one.name, one.phone) for one in known[:_MOST_PHONES]]

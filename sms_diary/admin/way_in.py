"""The way in and out: password, one-time link, the session's cookie; and the desk's front door."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from sms_diary.admin import forms, layout
from sms_diary.admin.screen import Desk, Missing, Screen
from sms_diary.admin.security import local_path
from sms_diary.admin.serving import failed, guarded, redirect, session_of
from sms_diary.clock import MINUTE
from sms_diary.store import schools
from sms_diary.store.desk import attempts, audit, sessions, users
from sms_diary.store.desk.audit import Note
from sms_diary.store.desk.users import EVERY_SCHOOL, User
from sms_diary.web import passwords
from sms_diary.web.security import Gate
from sms_diary.web.words import lasting

_LONGEST_LOGIN = 64
_NEUTRAL = "Логин или пароль не подошли. Проверьте раскладку и Caps Lock."
_FEW_LEFT = "Осталось попыток: {}. Потом вход закроется на 15 минут."
_LAST = "Вход закрыт на 15 минут: было слишком много попыток подряд."
_TOO_MANY = "Слишком много попыток подряд. Вход откроется снова через {}."
_WARNED = 2
"""Attempts that are left when it is said how many they are."""
_STALE = (
    "Ссылка уже использована или устарела. Попросите у администратора новую "
    "(или выпустите её на сервере: sms-diary desk invite)."
)
_ELSEWHERE = "Эта форма отправлена не со страницы службы. Откройте её заново."


@dataclass(frozen=True, slots=True)
class WayIn:
    desk: Desk
    gate: Gate
    screens: tuple[Screen, ...]

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/desk/", guarded(self.home)),
            web.get("/desk/-/login", guarded(self.login_page)),
            web.post("/desk/-/login", guarded(self.login)),
            web.post("/desk/-/logout", guarded(self.logout)),
            web.get("/desk/-/link/{secret:[A-Za-z0-9_-]{20,80}}", guarded(self.link_page)),
            web.post("/desk/-/link/{secret:[A-Za-z0-9_-]{20,80}}", guarded(self.follow)),
        ]

    async def home(self, request: web.Request) -> web.Response:
        """The first screen that this user may see."""
        async with self.desk.database.reading() as q:
            session = await session_of(q, self.gate, request, now=self.desk.clock.now())
            if session is None:
                return redirect("/desk/-/login")
            known = await schools.every(q)
        user = session.user
        own = [one for one in known if user.school_id in (EVERY_SCHOOL, one.id)]
        if len(own) != 1:
            return redirect("/desk/-/schools")
        first = next((one for one in self.screens if one.group and one.admits(user)), None)
        if first is None:
            raise Missing
        return redirect(first.address.replace("{school}", own[0].slug))

    # ------------------------------------------------------------ password

    async def login_page(self, request: web.Request) -> web.Response:
        return _login_page(local_path(request.query.get("next", "")))

    async def login(self, request: web.Request) -> web.Response:
        """A session for whoever knows the password; else the same words whatever was wrong."""
        if not self.gate.own(request):
            return failed(403, _ELSEWHERE)
        posted = (await forms.read(request)).fields
        login = posted.get("login", [""])[-1].strip().casefold()[:_LONGEST_LOGIN]
        password = posted.get("password", [""])[-1][: passwords.LONGEST]
        back, address = local_path(posted.get("next", [""])[-1]), request.remote or ""
        database, tools, now = self.desk.database, self.desk.tools, self.desk.clock.now()
        async with database.transaction() as q:
            begun = await attempts.begin(q, tools, login, address, now=now)
            known = await users.by_login(q, login) if begun.opens is None else None
        if begun.opens is not None:
            minutes = -(-(begun.opens - now) // MINUTE)  # those that have begun count
            said = _TOO_MANY.format(lasting(minutes * MINUTE))
            return _login_page(back, login, said, status=429)
        right = await passwords.fits(password, known[1] if known else "")
        if known is None or not right or known[0].state is not users.UserState.ACTIVE:
            return _login_page(back, login, _wrong(begun.left), status=422)
        async with database.transaction() as q:
            await attempts.succeeded(q, tools, login, address)
        return await self._let_in(request, known[0], back, "signed-in")

    async def logout(self, request: web.Request) -> web.Response:
        if not self.gate.own(request):
            return failed(403, _ELSEWHERE)
        now = self.desk.clock.now()
        async with self.desk.database.transaction() as q:
            session = await session_of(q, self.gate, request, now=now)
            if session is not None:
                await sessions.revoke(q, session.user.id, only=session.id, now=now)
        response = redirect("/desk/-/login")
        self.gate.let_out(response)
        return response

    # ------------------------------------------------------------ one-time link

    async def link_page(self, request: web.Request) -> web.Response:
        """The form of a link; looking at it uses nothing up (mail programs look at links)."""
        user = await self._invited(request)
        return _link_page(user) if user else failed(404, _STALE)

    async def follow(self, request: web.Request) -> web.Response:
        """Set the password and sign in; all earlier sessions of this user end."""
        if not self.gate.own(request):
            return failed(403, _ELSEWHERE)
        user = await self._invited(request)
        if user is None:
            return failed(404, _STALE)
        password = (await forms.read(request)).fields.get("password", [""])[-1]
        if wrong := passwords.wrong(password, user.login):
            return _link_page(user, wrong)
        kept = await passwords.hashed(password)
        now = self.desk.clock.now()
        async with self.desk.database.transaction() as q:
            followed = await sessions.follow(q, request.match_info["secret"], now=now)
            if followed:
                await users.set_password(q, user.id, kept)
                await sessions.revoke(q, user.id, now=now)
        return (
            await self._let_in(request, user, "/desk/", "set-password")
            if followed
            else failed(404, _STALE)
        )

    async def _invited(self, request: web.Request) -> User | None:
        async with self.desk.database.reading() as q:
            return await sessions.invited(
                q, request.match_info["secret"], now=self.desk.clock.now()
            )

    async def _let_in(
        self, request: web.Request, user: User, back: str, action: str
    ) -> web.Response:
        """A new session, whatever cookie came: nobody is let in under an id that was planted."""
        tools, now = self.desk.tools, self.desk.clock.now()
        agent = browser(request.headers.get("User-Agent", ""))
        async with self.desk.database.transaction() as q:
            before = await session_of(q, self.gate, request, now=now)
            if before is not None:
                await sessions.revoke(q, before.user.id, only=before.id, now=now)
            secret = await sessions.begin(q, tools, user.id, agent=agent, now=now)
            note = Note(action, "user", user.id, agent)
            await audit.write(q, tools, user.school_id, user.id, [note], now=now)
        response = redirect(back)
        self.gate.let_in(response, secret)
        return response


def _wrong(left: int) -> str:
    """The same words whatever was wrong, and before the door shuts, that it will."""
    if left > _WARNED:
        return _NEUTRAL
    return f"{_NEUTRAL} {_FEW_LEFT.format(left) if left else _LAST}"


def browser(agent: str) -> str:
    """The browser and system in our own words: «Firefox, Windows»."""
    names = {"YaBrowser": "Яндекс Браузер", "Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox",
             "Chrome": "Chrome", "Safari": "Safari"}  # fmt: skip
    systems = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows",
               "Mac OS": "macOS", "Linux": "Linux"}  # fmt: skip
    name = next((said for word, said in names.items() if word in agent), "другой браузер")
    system = next((said for word, said in systems.items() if word in agent), "")
    return f"{name}, {system}" if system else name


def _login_page(back: str, login: str = "", wrong: str = "", *, status: int = 200) -> web.Response:
    values = {"title": "Вход", "next": back, "login": login, "wrong": wrong}
    return layout.html("login.html", values, status=status)


def _link_page(user: User, wrong: str = "") -> web.Response:
    values = {"title": "Придумайте пароль", "name": user.name, "login": user.login,
              "wrong": wrong, "shortest": passwords.SHORTEST}  # fmt: skip
    return layout.html("link.html", values, status=422 if wrong else 200)

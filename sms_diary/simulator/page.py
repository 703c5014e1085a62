"""The web page of parents' phones, and the ledger and counters as JSON.

What lives here: routes, their checks, headers. What does not: words and times (`views.py`), how
it looks (`html/`). It is meant for one machine: there is no login.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jinja2
from aiohttp import web

from sms_diary.simulator import views
from sms_diary.simulator.smsc import Smsc

_HTML = Path(__file__).parent / "html"
_PER_PAGE = 30
_LAST, _LAST_OF_ONE = 20, 200  # bubbles of a phone among others; of a phone alone
_LEDGER_PAGE = 1000
_HEARTBEAT = 15.0  # seconds; so that a lost reader is noticed
_MOST_DIGITS = 15  # of an integer in a query
_CALM = 0.3  # seconds between two "changed" at the least
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SMSC = web.AppKey("smsc", Smsc)
_STOPPING = web.AppKey("stopping", asyncio.Event)
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HTML),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def make_app(smsc: Smsc) -> web.Application:
    """Return the application that shows the phones of `smsc`."""
    app = web.Application(middlewares=[_guard], client_max_size=64 * 1024)
    app[_SMSC] = smsc
    app[_STOPPING] = asyncio.Event()
    app.on_shutdown.append(_stop)
    app.add_routes(
        [
            web.get("/", _show),
            web.post("/sms", _send),
            web.get("/changes", _changes),
            web.get("/ledger.json", _ledger),
            web.get("/stats.json", _stats),
            web.get("/page.css", _file("page.css")),
            web.get("/page.js", _file("page.js")),
            web.get("/icon.svg", _file("icon.svg")),
        ]
    )
    return app


async def _stop(app: web.Application) -> None:
    app[_STOPPING].set()


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what another site's page sends in a visitor's name; set the headers of all pages."""
    if request.method not in ("GET", "HEAD") and not _same_origin(request):
        raise web.HTTPForbidden(text="Эта форма отправлена не со страницы телефонов.")
    try:
        response = await handler(request)
    except web.HTTPException as answer:
        answer.headers.update(_HEADERS)
        raise
    if not response.prepared:
        response.headers.update(_HEADERS)
    return response


def _same_origin(request: web.Request) -> bool:
    """Say whether a browser names our own page, or it is no browser at all (neither header)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or urlsplit(origin).netloc == request.host


def _file(name: str) -> Handler:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_HTML / name)

    return serve


# -- the page ----------------------------------------------------------------------------------


async def _show(request: web.Request) -> web.Response:
    return _render(request, request.query.get("q", ""), request.query.get("page", ""))


def _render(
    request: web.Request,
    ending: str,
    page_text: str,
    problem: str = "",
    typed: tuple[str, str] = ("", ""),
) -> web.Response:
    smsc = request.app[_SMSC]
    ending = views.read_number(ending)[:15]
    found = smsc.phones.latest(ending)
    pages = max(1, -(-len(found) // _PER_PAGE))
    page = min(max(_integer(page_text) or 1, 1), pages)
    shown = found[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    html = _TEMPLATES.get_template("page.html").render(
        phones=[
            views.phone_view(
                phone,
                last=_LAST_OF_ONE if len(found) == 1 else _LAST,
                reply_to=smsc.options.reply_to,
                zone=smsc.zone,
            )
            for phone in shown
        ],
        found=views.plural(len(found), "телефон", "телефона", "телефонов"),
        ending=ending,
        page=page,
        pages=pages,
        problem=problem,
        typed=typed,
        stats=smsc.stats,
        sessions=smsc.sessions,
        waiting=smsc.waiting,
        address=f"{request.url.host}:{smsc.port}",
        system_id=smsc.options.system_id,
        reply_to=views.show_number(smsc.options.reply_to),
    )
    status = 422 if problem else 200
    return web.Response(text=html, content_type="text/html", status=status)


def _integer(text: str) -> int | None:
    """Return a number of the query that is one; a query is anything that somebody typed."""
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return int(text)
    return None


async def _send(request: web.Request) -> web.Response:
    """Send a parent's SMS; then back to the page that the form stood on."""
    smsc = request.app[_SMSC]
    try:
        form = await request.post()
    except (ValueError, LookupError) as error:  # not UTF-8, an unknown charset, broken multipart
        raise web.HTTPBadRequest(text="Форма не читается.") from error
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    number = views.read_number(fields.get("number", ""))
    text = fields.get("text", "").replace("\r\n", "\n").strip()
    ending, page = fields.get("q", ""), fields.get("page", "")
    phone = smsc.phones.get(number)
    to = phone.reply_to(smsc.options.reply_to) if phone else smsc.options.reply_to
    try:
        await smsc.inbound(number, text, to)
    except ValueError:
        problem = (
            "SMS не отправлено. Номер – до 15 цифр, например +7 900 000-10-02; "
            "текст – от 1 до 1000 знаков."
        )
        return _render(request, ending, page, problem, (fields.get("number", ""), text))
    query = urlencode({name: value for name, value in (("q", ending), ("page", page)) if value})
    raise web.HTTPSeeOther(f"/?{query}#t{number}")


async def _changes(request: web.Request) -> web.StreamResponse:
    """Server-sent events without content: "something changed", not more often than is calm."""
    feed, stopping = request.app[_SMSC].feed, request.app[_STOPPING]
    response = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"retry: 2000\n\n")
    revision = feed.revision
    ending = asyncio.ensure_future(stopping.wait())
    try:
        while not stopping.is_set():
            change = asyncio.ensure_future(feed.wait(revision))
            await asyncio.wait(
                (change, ending), timeout=_HEARTBEAT, return_when=asyncio.FIRST_COMPLETED
            )
            if change.done():
                revision = change.result()
                await response.write(b"data: changed\n\n")
                await asyncio.wait((ending,), timeout=_CALM)
            else:
                change.cancel()
                await response.write(b": alive\n\n")
    except ConnectionResetError:
        pass  # the reader has gone
    finally:
        ending.cancel()
    return response


# -- JSON --------------------------------------------------------------------------------------


async def _ledger(request: web.Request) -> web.Response:
    """Give parts with a `seq` above `after`, a thousand at a time; `next` None: that is all."""
    after, ledger = _integer(request.query.get("after", "0")), request.app[_SMSC].ledger
    if after is None:
        raise web.HTTPBadRequest(text="after – номер записи, целое число")
    items = [entry.as_dict() for entry in ledger[after : after + _LEDGER_PAGE]]
    end = after + len(items)
    more = end < len(ledger)
    body: dict[str, Any] = {"items": items, "next": end if more else None, "total": len(ledger)}
    return web.json_response(body)


async def _stats(request: web.Request) -> web.Response:
    """Give the counters; `unique` counts parts with different numbers or octets."""
    smsc = request.app[_SMSC]
    unique = len({(entry.destination, entry.body) for entry in smsc.ledger})
    body = asdict(smsc.stats)
    body |= {"unique": unique, "waiting": smsc.waiting, "sessions": smsc.sessions}
    return web.json_response(body)

"""Rendering: the templates of `html/` and the files of `static/`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

from sms_diary.store.parent.sessions import IDLE
from sms_diary.web.assets import assets, environment
from sms_diary.web.security import HEADERS

_HERE = Path(__file__).parent
ASSETS = assets(_HERE / "static", "/my/static/")
_TEMPLATES = environment(_HERE / "html", ASSETS)
NAVIGATION = (
    ("/my", "Дневник"), ("/my/messages", "SMS"), ("/my/sms", "Темы"),
    ("/my/consents", "Согласия"), ("/my/number", "Номер"),
)  # fmt: skip
# What is left on a screen goes by itself, a little after the session has ended.
_LEAVES = {"Refresh": f"{IDLE // 1000 + 5}; url=/my"}


def html(
    template: str, title: str, values: Mapping[str, Any], *, status: int = 200, inside: bool = False
) -> web.Response:
    """A page; `inside`: of somebody who is in, so it does not stay on the screen for ever."""
    text = _TEMPLATES.get_template(template).render(title=title, **values)
    headers = HEADERS | (_LEAVES if inside else {})
    return web.Response(text=text, content_type="text/html", status=status, headers=headers)


def failed(status: int, title: str, said: str) -> web.Response:
    """The page of an error; its texts are all our own."""
    return html("failed.html", title, {"said": said}, status=status)


def redirect(address: str) -> web.Response:
    return web.Response(status=303, headers=HEADERS | {"Location": address})


def templates() -> list[Path]:
    """Every template there is."""
    return sorted((_HERE / "html").glob("*.html"))

"""Errors as problem+json (RFC 9457), whatever goes wrong; their texts are Russian.

No text repeats anything of a request: neither its address nor a value of its body.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
_FIRST_ERROR = 400
_COME_AGAIN = "Не получилось. Повторите тот же запрос позже: дважды он не сработает."
_TITLES = {
    400: "Запрос не понят",
    401: "Нужна подпись или токен",
    403: "У токена нет на это права",
    404: "Здесь такого нет",
    405: "Такой способ обращения здесь не поддерживается",
    408: "Запрос пришёл не целиком",
    409: "Сейчас так нельзя",
    412: "С тех пор это изменилось",
    413: "Запрос слишком большой",
    415: "Нужен application/json",
    417: "Заголовок Expect не понят",
    422: "В запросе есть ошибки",
    503: "Сервис сейчас не может принять запрос",
}
_DETAILS = {
    400: "Это не запрос HTTP: проверьте строку запроса, заголовки и то, как передано тело.",
    404: "Такого адреса нет. Какие есть, сказано в описании API.",
    405: "Какие способы годятся, сказано в заголовке Allow.",
    417: "Из ожиданий понимается только 100-continue.",
    503: _COME_AGAIN,
}


class Problem(Exception):
    """Answer the request with this instead."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        errors: Sequence[dict[str, Any]] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(slug)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}

    def response(self) -> web.Response:
        body: dict[str, Any] = {
            "type": f"/problems/{self.slug}",
            "title": title_of(self.status),
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return _json(body, self.status, CONTENT_TYPE, self.headers)


def title_of(status: int) -> str:
    """What a status means, in Russian."""
    return _TITLES.get(status, "Ошибка")


def of_status(status: int, *, headers: dict[str, str] | None = None) -> Problem:
    """The problem of an HTTP status alone."""
    detail = _DETAILS.get(status, _TITLES.get(status, "Запрос не выполнен."))
    return Problem(status, f"http-{status}", detail, headers=headers)


def unavailable() -> Problem:
    """The caller must come again: nothing was answered 2xx, so nothing is lost."""
    return Problem(503, "unavailable", _COME_AGAIN, headers={"Retry-After": "10"})


def of_http_error(error: web.HTTPException) -> Problem:
    """aiohttp's own error; a 405 still says what is allowed."""
    allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    return of_status(error.status, headers=allow)


def answering(answered: Callable[[str, int], None]) -> Middleware:
    """The middleware around every handler; `answered` hears of each route and status.

    Every error becomes a problem; what is not foreseen becomes a 503 and a log line.
    """

    @web.middleware
    async def around(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        route = _route(request)
        response = await _answer(request, handler, route)
        answered(route, response.status)
        return response

    return around


async def _answer(
    request: web.Request,
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    route: str,
) -> web.StreamResponse:
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < _FIRST_ERROR:
            raise
        return of_http_error(error).response()
    except Exception as error:  # the caller must be told to come again
        log.error("request failed", route=route, error=type(error).__name__)
        return unavailable().response()


def _route(request: web.Request) -> str:
    """The address as it is declared, without what stands in it."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"


def json_response(
    body: Any, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    return _json(body, status, "application/json", headers or {})


def bytes_response(
    body: bytes, *, status: int = 200, headers: dict[str, str] | None = None
) -> web.Response:
    """The same for JSON that is bytes already."""
    return _response(body, status, "application/json", headers or {})


def _json(body: Any, status: int, content_type: str, headers: dict[str, str]) -> web.Response:
    text = json.dumps(body, ensure_ascii=False)
    return _response(text.encode(), status, content_type, headers)


def _response(body: bytes, status: int, content_type: str, headers: dict[str, str]) -> web.Response:
    return web.Response(
        status=status,
        body=body,
        content_type=content_type,
        charset="utf-8",
        # Answers hold names and texts: no proxy may keep them.
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | headers,
    )

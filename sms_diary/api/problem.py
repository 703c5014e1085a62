"""Errors as problem+json (RFC 9457), whatever goes wrong; their texts are Russian."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from aiohttp import web

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
_FIRST_ERROR = 400
_COME_AGAIN = "Не получилось сохранить. Повторите тот же запрос позже: дважды он не сработает."
_TITLES = {
    400: "Запрос не понят",
    401: "Нужна подпись или токен",
    403: "Не разрешено",
    404: "Здесь такого нет",
    405: "Такой способ обращения здесь не поддерживается",
    409: "Этот webhook-id уже использован для другого запроса",
    413: "Запрос слишком большой",
    415: "Нужен application/json",
    422: "В запросе есть ошибки",
    503: "Сервис сейчас не может принять запрос",
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
            "title": _TITLES.get(self.status, "Ошибка"),
            "status": self.status,
            "detail": self.detail,
        }
        if self.errors:
            body["errors"] = list(self.errors)
        return web.Response(
            status=self.status,
            text=json.dumps(body, ensure_ascii=False),
            content_type=CONTENT_TYPE,
            headers=self.headers,
        )


@web.middleware
async def problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every error of every handler as a problem; what is not foreseen is a 503 and a log line."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < _FIRST_ERROR:
            raise
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        detail = _TITLES.get(error.status, error.reason)
        return Problem(error.status, f"http-{error.status}", detail, headers=allow).response()
    except Exception as error:  # the caller must be told to come again
        log.error("request failed", path=_route(request), error=type(error).__name__)
        return Problem(503, "unavailable", _COME_AGAIN, headers={"Retry-After": "10"}).response()


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "?"


def json_response(body: Any, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps(body, ensure_ascii=False),
        content_type="application/json",
    )

"""The HTTP server under the routes: its limits, and problem+json for what is no HTTP at all.

aiohttp answers malformed requests before any middleware runs, in English and with pieces of
the request; here those answers become ours.
"""

from __future__ import annotations

import errno
from typing import Any

import structlog
from aiohttp import web

from sms_diary.api.body import MAX_BYTES
from sms_diary.api.problem import of_http_error, of_status, unavailable
from sms_diary.errors import ConfigError

_IDLE_SECONDS = 60.0
"""For the whole head of a request to come, and between two requests of a connection."""
_LINGER_SECONDS = 5.0
"""How long the rest of a refused body is read and thrown away, so that its answer is seen."""
_STOP_SECONDS = 5.0
_NOT_HTTP = 400
log = structlog.get_logger(__name__)


class _Connection(web.RequestHandler):
    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002  # it quotes the request
    ) -> web.StreamResponse:
        """A problem for what broke outside the handlers; the connection is closed after it."""
        log.info("malformed request", status=status, error=type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        problem = of_status(status) if status == _NOT_HTTP else unavailable()
        response = problem.response()
        response.force_close()
        return response


class _Server(web.Server):
    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Runner(web.AppRunner):
    __slots__ = ()

    async def _make_server(self) -> web.Server:
        made: Any = await super()._make_server()

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            try:
                response: web.StreamResponse = await made.request_handler(request)
            except web.HTTPException as error:  # of an Expect header that is not understood
                response = of_http_error(error).response()
            if not response.prepared:
                response.headers["Server"] = "sms-diary"  # and no version numbers
            return response

        return _Server(
            handle, request_factory=made.request_factory, loop=made._loop, **made._kwargs
        )


def application(*, middlewares: list[Any], routes: list[web.RouteDef]) -> web.Application:
    """The application of these routes, bodies bounded."""
    app = web.Application(middlewares=middlewares, client_max_size=MAX_BYTES)
    app.add_routes(routes)
    return app


async def start(
    app: web.Application, host: str, port: int, *,
    idle: float = _IDLE_SECONDS, linger: float = _LINGER_SECONDS,
) -> tuple[web.AppRunner, str]:  # fmt: skip
    """Listen; the runner (to be cleaned up) and the address. Raises ConfigError."""
    runner = _Runner(
        app,
        access_log=None,
        shutdown_timeout=_STOP_SECONDS,
        keepalive_timeout=idle,
        lingering_time=linger,
        # A compressed body is refused, so it is never unpacked, not even to throw it away.
        auto_decompress=False,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as wrong:
        await runner.cleanup()
        raise ConfigError(_unusable(host, port, wrong)) from wrong
    found, number = runner.addresses[0][:2]
    return runner, f"http://{f'[{found}]' if ':' in found else found}:{number}"


def _unusable(host: str, port: int, wrong: OSError) -> str:
    if wrong.errno == errno.EADDRINUSE:
        return (
            f"Порт {port} на {host} уже занят: смените web.port или остановите того, кто его занял."
        )
    return f"Не получается слушать {host}:{port}: проверьте web.host и web.port."

"""What every answer to a browser carries, and which requests are refused for their origin."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it a browser sends «Origin: null» with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_LONGEST_COOKIE = 200
_PORTS = {"http": 80, "https": 443}
_Place = tuple[str, str, int]
"""Scheme, host and port: what an origin is (RFC 6454 section 4)."""


class Gate:
    """What depends on the address under which browsers reach us; "" if it is not known.

    `name`: of the cookie that holds a session's secret. It ends with the browser.
    """

    def __init__(self, public_url: str, name: str) -> None:
        self._public = urlsplit(public_url)
        self._secure = self._public.scheme == "https"
        # The prefix makes browsers refuse a cookie that a neighbouring host or plain HTTP set.
        self.cookie = f"__Host-{name}" if self._secure else name

    def own(self, request: web.Request) -> bool:
        """Whether a form was sent from our own page.

        `Sec-Fetch-Site` where the browser sends it (secure origins only), and `Origin`, which all
        of today send with a POST. One with neither (Firefox up to 69) must say from which page it
        comes; whoever hides that too is refused. Where our address is known, no other is ours: a
        name that somebody else leads to us is none.
        """
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site is None and origin is None:
            return self._is_ours(request, _origin_of(request.headers.get("Referer", "")))
        return site in (None, "same-origin") and (origin is None or self._is_ours(request, origin))

    def _is_ours(self, request: web.Request, origin: str) -> bool:
        said = _place(origin)
        if said is None:
            return False
        if self._public.netloc:
            return said == _place(f"{self._public.scheme}://{self._public.netloc}")
        # Something before us may speak HTTPS for us; what came by HTTPS was sent from there.
        plain = said[0] == "http" and request.secure
        return not plain and said == _place(f"{said[0]}://{request.host}")

    def origin(self, request: web.Request) -> str:
        """Scheme and host under which a browser reaches us: as configured, else as it asks."""
        if self._public.netloc:
            return f"{self._public.scheme}://{self._public.netloc}"
        return f"{request.scheme}://{request.host}"

    def secret(self, request: web.Request) -> str:
        """What the cookie holds; "" without one that can be ours."""
        held = request.cookies.get(self.cookie, "")
        return held if len(held) <= _LONGEST_COOKIE and held.isascii() else ""

    def let_in(self, response: web.StreamResponse, secret: str) -> None:
        response.set_cookie(
            self.cookie, secret, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )

    def let_out(self, response: web.StreamResponse) -> None:
        response.set_cookie(
            self.cookie, "", max_age=0, path="/", secure=self._secure, httponly=True,
            samesite="Lax",
        )  # fmt: skip


def _origin_of(page: str) -> str:
    """Scheme and host of an address; "" for what is none."""
    try:
        said = urlsplit(page)
    except ValueError:
        return ""
    return f"{said.scheme}://{said.netloc}"


def _place(origin: str) -> _Place | None:
    """The parts of «scheme://host[:port]»; None for «null» and for all that says more or less."""
    try:
        said = urlsplit(origin)
        usual, port = _PORTS[said.scheme], said.port
    except (ValueError, KeyError):
        return None
    whole = not (said.path or said.query or said.fragment) and "@" not in said.netloc
    return (said.scheme, said.hostname, port or usual) if whole and said.hostname else None

"""The templates and the static files of one set of pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import jinja2
from aiohttp import web

from sms_diary.values import value
from sms_diary.web.security import HEADERS

_SHARED = Path(__file__).parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_EVER = "public, max-age=31536000, immutable"


@value
class Asset:
    address: str
    body: bytes
    content_type: str


def assets(folder: Path, base: str) -> Mapping[str, Asset]:
    """The files of a folder and those that all pages share by name, at addresses below `base`.

    An address holds a digest of the content, so browsers may keep it for ever.
    """
    found = {}
    for path in sorted((*_SHARED.iterdir(), *folder.iterdir())):
        if path.suffix in _TYPES:
            body = path.read_bytes()
            digest = hashlib.sha256(body).hexdigest()[:16]
            found[path.name] = Asset(f"{base}{digest}/{path.name}", body, _TYPES[path.suffix])
    return found


def static_file(request: web.Request, known: Mapping[str, Asset]) -> web.Response:
    """A file by its digest and name; another digest is another file, so it is not there."""
    asset = known.get(request.match_info["name"])
    if asset is None or asset.address != request.path:
        raise web.HTTPNotFound
    headers = HEADERS | {"Cache-Control": _FOR_EVER}
    return web.Response(
        body=asset.body, content_type=asset.content_type, charset="utf-8", headers=headers
    )


def environment(folder: Path, known: Mapping[str, Asset]) -> jinja2.Environment:
    """The templates of a folder; `asset(name)` is a static file's address."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = lambda name: known[name].address
    return made

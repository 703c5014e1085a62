"""The example for journal developers does what it says, against a real server."""

from __future__ import annotations

import runpy
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

EXAMPLE = Path(__file__).resolve().parent.parent / "examples" / "send_event.py"
SECRET = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0LW9ubHktMzItYnl0ZXM="
BODY = '{"kind": "mark.set", "subject": "Математика"}'.encode()


class _Door(BaseHTTPRequestHandler):
    """Accepts what is signed by `SECRET` under this id and refuses everything else."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            Webhook(SECRET).verify(body, dict(self.headers))
            status = 202 if self.headers["webhook-id"] == "msg_1" and body == BODY else 400
        except WebhookVerificationError:
            status = 401
        self.send_response(status)
        self.end_headers()
        self.wfile.write("принято".encode() if status == 202 else b"refused")

    def log_message(self, *args: object) -> None:
        """Keeps the test quiet."""


@pytest.mark.parametrize(
    ("secret", "answer"),
    [(SECRET, (202, "принято")), ("whsec_YW5vdGhlci1zZWNyZXQ=", (401, "refused"))],
)
def test_the_example_signs_as_the_door_demands(secret: str, answer: tuple[int, str]) -> None:
    send: Callable[[str, bytes, str, str], tuple[int, str]] = runpy.run_path(str(EXAMPLE))["send"]
    with HTTPServer(("127.0.0.1", 0), _Door) as door:
        thread = threading.Thread(target=door.handle_request)
        thread.start()
        try:
            assert send(f"http://127.0.0.1:{door.server_port}/", BODY, secret, "msg_1") == answer
        finally:
            thread.join()


def test_the_example_is_short_enough_to_be_read() -> None:
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= 40

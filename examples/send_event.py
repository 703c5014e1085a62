"""Send the events of a JSON file to the gateway, signed by Standard Webhooks.

    pip install standardwebhooks
    export SMS_DIARY_SECRET=whsec_…
    python send_event.py https://sms.example.org/v1/schools/ID/events event.json

A request without an answer may be repeated with the same id: it has its effect once.
"""

import os
import sys
import uuid
from datetime import UTC, datetime
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from standardwebhooks import Webhook


def send(url: str, body: bytes, secret: str, webhook_id: str) -> tuple[int, str]:
    """Post a body once; the status and the text of the answer."""
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, now, body.decode()),
    }
    try:
        with urlopen(Request(url, body, headers), timeout=30) as answer:  # noqa: S310  the user's own address
            return answer.status, answer.read().decode()
    except HTTPError as refusal:
        return refusal.code, refusal.read().decode()


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as events:
        secret, name = os.environ["SMS_DIARY_SECRET"], f"msg_{uuid.uuid4().hex}"
        status, text = send(sys.argv[1], events.read(), secret, name)
    sys.stdout.write(f"{status}\n{text}\n")

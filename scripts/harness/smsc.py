"""The simulator with the behaviours that its command line does not offer, for the kill test.

Run as `python -m scripts.harness.smsc LEDGER RESPONSE_DELAY`; it says where it listens as the
command does.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from sms_diary.simulator.options import Options
from sms_diary.simulator.run import run


def main() -> None:
    """Serve until SIGTERM; the delay is in seconds."""
    book, delay = sys.argv[1:]
    options = Options(response_delay=float(delay), receipt_delay=0.05)
    asyncio.run(run("127.0.0.1", 0, 0, options, Path(book)))


if __name__ == "__main__":
    main()

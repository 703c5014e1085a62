"""`sms-diary serve` that has its modules in memory and waits for the word to begin.

Chaos starts a process hundreds of times, and most of a start is reading modules. What runs after
the word is the program itself: its own `main` with its own arguments. The word is a line of JSON:
`{"now": "2026-11-24T10:00+04:00", "point": "claim.committed:2"}`; the end of input is the end.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

import sms_diary.app  # noqa: F401  # what a start would read
from sms_diary import __main__, crash


def main() -> None:
    word = sys.stdin.readline()
    if not word:
        return
    said = json.loads(word)
    if said["point"]:
        os.environ[crash.SWITCH] = said["point"]
        importlib.reload(crash)  # it reads its switch when it is loaded
    sys.argv = ["sms-diary", "serve", *sys.argv[1:], "--now", said["now"]]
    __main__.main()


if __name__ == "__main__":
    main()

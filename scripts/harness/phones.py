"""An SMSC with parents' phones for a chaos run: started for a round, asked, and answered from.

It is `sms-diary simulator` in a process of its own; its ledger is the second of the three.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from scripts.harness import ledger
from scripts.harness.door import Connection
from scripts.harness.processes import LISTENING, PHONES, PLAYING, Program

_SEE_OTHER, _OK = 303, 200


class Phones:
    def __init__(self, program: Program, book: Path, port: int, page: int) -> None:
        self._program = program
        self._book = book
        self.port = port
        """Of SMPP, or of the provider's HTTP."""
        self._page = page

    @classmethod
    async def start(
        cls, folder: Path, name: str, behaviour: Mapping[str, Any], played: Sequence[str] = ()
    ) -> Phones:
        """Start one with this behaviour (`simulator.options`); its book and log are named so.

        `played`: arguments with which it plays a provider over HTTP.
        """
        book = folder / f"{name}.jsonl"
        program = await Program.start(
            "sms_diary", "simulator", "--smpp-port", "0", "--web-port", "0", "--ledger", str(book),
            "--options", json.dumps(behaviour), *played, log=folder / f"{name}.log",
        )  # fmt: skip
        port = int(await program.said(PLAYING if played else LISTENING))
        page = int(await program.said(PHONES))
        return cls(program, book, port, page)

    async def stop(self) -> None:
        await self._program.stop()

    def records(self) -> list[ledger.Record]:
        """What it took so far."""
        return ledger.read(self._book)

    async def counts(self) -> dict[str, int]:
        """Its counters (`simulator.stats`), and what waits to be delivered."""
        found: dict[str, int] = json.loads(await self._ask("GET /stats.json", b"", _OK))
        return found

    async def say(self, number: str, text: str) -> None:
        """A parent sends an SMS."""
        form = urlencode({"number": number, "text": text}).encode()
        await self._ask("POST /sms", form, _SEE_OTHER)

    async def _ask(self, what: str, body: bytes, wanted: int) -> bytes:
        head = (
            f"{what} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
        )
        connection = await Connection.open(self._page)
        try:
            status, said = await connection.post(head.encode() + body)
        finally:
            connection.close()
        if status != wanted:
            raise RuntimeError(f"the simulator said {status} to {what}")
        return said

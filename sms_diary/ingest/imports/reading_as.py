"""How a person wants files read: a CSV's encoding and delimiter, and sheets that stay out.

What is not said is found out from the content, as ever. No database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Any

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading import csvtext
from sms_diary.ingest.reading.book import Book
from sms_diary.ingest.reading.process import UNREADABLE
from sms_diary.values import value

ENCODINGS = ("utf-8", "cp1251", "koi8_r", "cp866", "utf-16-le", "utf-16-be")
SKIPPED = "лист «{}» не загружается: так выбрано"
Text = tuple[str, str]
"""Encoding and delimiter; "" for what is to be found out."""
Sheet = tuple[str, str]
"""What people call the file, and the sheet's name."""


@value
class ReadAs:
    """`texts`: by what people call the file; `skip`: sheets that are not loaded."""

    texts: Mapping[str, Text] = field(default_factory=dict)
    skip: Sequence[Sheet] = ()

    def as_data(self) -> dict[str, Any]:
        return {"texts": dict(self.texts), "skip": list(self.skip)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ReadAs:
        """Of what `as_data` made, perhaps by way of JSON; of an older import nothing."""
        texts = {name: (said[0], said[1]) for name, said in data.get("texts", {}).items()}
        return cls(texts, tuple((one[0], one[1]) for one in data.get("skip", ())))

    def source(self, path: Path, name: str) -> Path | bytes:
        """The file, or the same in UTF-8 with its delimiter said. Raises `FileProblem`."""
        encoding, delimiter = self.texts.get(name, ("", ""))
        if not (encoding or delimiter):
            return path
        try:
            body = path.read_bytes()
        except OSError as wrong:
            raise FileProblem(UNREADABLE) from wrong
        text = body.decode(encoding, "replace") if encoding else csvtext.decode(body)[0]
        text, found = csvtext.split(text.removeprefix("\ufeff"))
        return f"sep={delimiter or found}\n{text}".encode("utf-8", "replace")

    def kept(self, book: Book) -> tuple[Book, dict[str, tuple[str, ...]]]:
        """The book without the sheets that stay out; what to say of them, by file."""
        left, notes = [], dict[str, tuple[str, ...]]()
        for table in book.tables:
            name = " / ".join(table.sheet.files)
            if (name, table.sheet.name) in self.skip:
                notes[name] = (*notes.get(name, ()), SKIPPED.format(table.sheet.name))
            else:
                left.append(table)
        return replace(book, tables=tuple(left)), notes

"""Streams out of an OLE2 container ([MS-CFB]): as much as it takes to find one by its name."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from sms_diary.errors import FileProblem

DAMAGED = "книга повреждена или обрывается: откройте её в Excel и сохраните заново"

_HEADER = 512
_IN_HEADER = 109
_LAST_SECTOR = 0xFFFFFFFA  # this and above are marks: end of chain, free and such
_ENTRY = 128
_STREAM, _ROOT = 2, 5
_SHIFTS = (9, 12)


def stream(data: bytes, *names: str) -> bytes:
    """The first stream with one of these names. Raises `FileProblem` if there is none."""
    try:
        return _Container(data).stream(names)
    except (struct.error, IndexError, UnicodeDecodeError) as wrong:
        raise FileProblem(DAMAGED) from wrong


class _Container:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._shift = self._u16(30)
        if self._shift not in _SHIFTS:
            raise FileProblem(DAMAGED)
        self._size = 1 << self._shift
        self._mini_size = 1 << self._u16(32)
        self._cutoff = self._u32(56)
        self._fat = self._table(list(self._fat_sectors()))
        self._directory = b"".join(map(self._sector, self._chain(self._u32(48), self._fat)))

    def stream(self, names: tuple[str, ...]) -> bytes:
        found: dict[str, tuple[int, int]] = {}
        root = (0, 0)
        for at in range(0, len(self._directory) - _ENTRY + 1, _ENTRY):
            entry = self._directory[at : at + _ENTRY]
            (length,) = struct.unpack_from("<H", entry, 64)
            start, size = struct.unpack_from("<II", entry, 116)
            if entry[66] == _ROOT:
                root = (start, size)
            elif entry[66] == _STREAM:
                found[entry[: max(length - 2, 0)].decode("utf-16-le")] = (start, size)
        for name in names:
            if name in found:
                return self._content(*found[name], root)
        raise FileProblem("внутри файла нет таблицы Excel: нужна таблица Excel или CSV")

    def _content(self, start: int, size: int, root: tuple[int, int]) -> bytes:
        if size >= self._cutoff:
            whole = b"".join(map(self._sector, self._chain(start, self._fat)))
        else:
            minis = self._table(list(self._chain(self._u32(60), self._fat)))
            ground = b"".join(map(self._sector, self._chain(root[0], self._fat)))
            step = self._mini_size
            whole = b"".join(
                ground[at * step : (at + 1) * step] for at in self._chain(start, minis)
            )
        if len(whole) < size:
            raise FileProblem(DAMAGED)
        return whole[:size]

    def _fat_sectors(self) -> Iterator[int]:
        """The sectors of the allocation table: 109 in the header, more in a chain of their own."""
        yield from self._used(struct.unpack_from(f"<{_IN_HEADER}I", self._data, 76))
        per_sector = self._size // 4 - 1
        at = self._u32(68)
        for _ in range(len(self._data) >> self._shift):
            if at >= _LAST_SECTOR:
                return
            *sectors, at = struct.unpack(f"<{per_sector + 1}I", self._sector(at))
            yield from self._used(sectors)

    @staticmethod
    def _used(sectors: tuple[int, ...] | list[int]) -> Iterator[int]:
        return (sector for sector in sectors if sector < _LAST_SECTOR)

    def _table(self, sectors: list[int]) -> tuple[int, ...]:
        whole = b"".join(map(self._sector, sectors))
        return struct.unpack(f"<{len(whole) // 4}I", whole)

    def _chain(self, start: int, table: tuple[int, ...]) -> Iterator[int]:
        """The sectors from `start` on; one that comes back to itself is no chain."""
        seen = 0
        while start < _LAST_SECTOR:
            seen += 1
            if seen > len(table):
                raise FileProblem(DAMAGED)
            yield start
            start = table[start]

    def _sector(self, number: int) -> bytes:
        at = (number + 1) << self._shift
        sector = self._data[at : at + self._size]
        if not sector:
            raise FileProblem(DAMAGED)
        return sector.ljust(self._size, b"\x00")

    def _u16(self, at: int) -> int:
        return int(struct.unpack_from("<H", self._data, at)[0])

    def _u32(self, at: int) -> int:
        return int(struct.unpack_from("<I", self._data, at)[0])

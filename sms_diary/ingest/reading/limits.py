"""How much of a file is read, and how long; and what of it is used up.

Every limit is far above what a school has and far below what hurts the machine. A breach is a
`FileProblem`: one Russian sentence that says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sms_diary.errors import FileProblem
from sms_diary.ingest.reading.book import Value
from sms_diary.values import value

MEGABYTE = 1024 * 1024
LOCKED = "файл закрыт паролем: снимите пароль и сохраните его снова"


@value
class Limits:
    """Sizes in bytes, characters, counts and seconds.

    `patience` is how long the parent waits for the next piece, `seconds` for all of them;
    `cpu` is the child's own time. `cells` counts the whole grid, empty ones too.
    """

    bytes: int = 64 * MEGABYTE
    unpacked: int = 384 * MEGABYTE
    files: int = 2_000
    depth: int = 2
    sheets: int = 5_000
    rows: int = 300_000
    columns: int = 1_024
    cell: int = 32_767
    row: int = 1_000_000
    cells: int = 8_000_000
    merges: int = 100_000
    memory: int = 1_024 * MEGABYTE
    patience: float = 18.0
    seconds: float = 120.0
    cpu: int = 90


@dataclass(slots=True)
class Budget:
    """What a whole import has used of its limits: all files of an archive draw on one."""

    limits: Limits
    unpacked: int = 0
    files: int = 0
    sheets: int = 0
    rows: int = 0
    cells: int = 0

    def take_bytes(self, count: int) -> None:
        self.unpacked += count
        if self.unpacked > self.limits.unpacked:
            size = self.limits.unpacked // MEGABYTE
            raise FileProblem(f"внутри больше {size} МБ данных: разделите файл на части")

    def take_file(self) -> None:
        self.files += 1
        if self.files > self.limits.files:
            raise FileProblem(f"в архиве больше {self.limits.files} файлов: разделите его")

    def take_sheet(self) -> None:
        self.sheets += 1
        if self.sheets > self.limits.sheets:
            raise FileProblem(f"больше {self.limits.sheets} листов или таблиц: разделите файл")

    def take_row(self, number: int, cells: Sequence[Value]) -> None:
        """One more row, `number` as Excel counts it."""
        limits = self.limits
        self.rows += 1
        self.cells += len(cells)
        if self.rows > limits.rows:
            raise too_many_rows(limits)
        if self.cells > limits.cells:
            raise FileProblem(f"больше {limits.cells} ячеек: разделите файл на части")
        if len(cells) > limits.columns:
            raise too_many_columns(number, limits)
        lengths = [len(cell) for cell in cells if isinstance(cell, str)]
        if lengths and (max(lengths) > limits.cell or sum(lengths) > limits.row):
            raise FileProblem(
                f"строка {number}: слишком длинный текст в ячейке; исправьте эту строку"
            )


def too_many_columns(number: int, limits: Limits) -> FileProblem:
    return FileProblem(
        f"в строке {number} больше {limits.columns} столбцов: это не список,"
        " проверьте, тот ли это файл"
    )


def too_many_rows(limits: Limits) -> FileProblem:
    return FileProblem(f"в файле больше {limits.rows} строк: разделите его")


def check_box(rows: int, columns: int, limits: Limits) -> None:
    """Refuse a grid that is larger than any list, before anybody lays it out in memory."""
    if rows > limits.rows:
        raise FileProblem(
            f"заполненные ячейки разбросаны дальше строки {limits.rows}:"
            " скопируйте таблицу на новый лист и сохраните"
        )
    if columns > limits.columns:
        raise FileProblem(
            f"больше {limits.columns} столбцов: скопируйте нужную таблицу на новый лист и сохраните"
        )
    if rows * columns > limits.cells:
        raise FileProblem(f"больше {limits.cells} ячеек: разделите файл на части")

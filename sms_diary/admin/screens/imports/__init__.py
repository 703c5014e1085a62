"""Импорт: files in, step by step, and nothing is written before «Применить».

`files` is the first step with the history, `columns` the second, `check` the third; `work` does
what takes long behind them, `samples` are files to begin with.
"""

from __future__ import annotations

from sms_diary.admin.screens.imports import check, columns, files, samples

SCREENS = (*files.SCREENS, *samples.SCREENS, *columns.SCREENS, *check.SCREENS)

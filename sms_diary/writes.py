"""What a loop that writes SMS works with; which SMS, and when, is each loop's own."""

from __future__ import annotations

from dataclasses import dataclass

from sms_diary.carrying import Ways
from sms_diary.clock import Clock
from sms_diary.db import Database
from sms_diary.render import Renderer
from sms_diary.store.tools import Tools
from sms_diary.wake import Wakes


@dataclass(eq=False)
class Writes:
    """Given in this order; a loop's own state comes after it."""

    _database: Database
    _tools: Tools
    _clock: Clock
    _wakes: Wakes
    _renderer: Renderer
    _ways: Ways

"""What an announcement would be: its texts, to how many, in how many SMS. Nothing is sent here.

Whom it would reach is `store.announcements`', money is the caller's.
"""

from __future__ import annotations

from dataclasses import replace

from sms_diary.ingest.values import clean_text
from sms_diary.model import Kind, Told
from sms_diary.render import Renderer, Style, Text
from sms_diary.store.announcements import Reach
from sms_diary.values import value


@value
class Version:
    """How it looks to those who read one alphabet."""

    latin: bool
    guardians: int
    texts: tuple[Text, ...]

    @property
    def each(self) -> int:
        """SMS to each of them."""
        return sum(text.segments for text in self.texts)


@value
class Estimate:
    """All versions that somebody would get."""

    versions: tuple[Version, ...]

    @property
    def segments(self) -> int:
        """SMS to all."""
        return sum(version.each * version.guardians for version in self.versions)


def estimate(reach: Reach, renderer: Renderer, style: Style, body: str, to: str) -> Estimate:
    """The texts as they would leave now; `to`: the one class or pupil that it is for, or ""."""
    by_alphabet = ((False, reach.told - reach.told_latin), (True, reach.told_latin))
    return Estimate(
        tuple(version(renderer, style, body, to, latin=latin, guardians=count)
              for latin, count in by_alphabet if count)
    )  # fmt: skip


def version(
    renderer: Renderer, style: Style, body: str, to: str, *, latin: bool, guardians: int
) -> Version:
    """The announcement as the door would take it, in one alphabet."""
    told = Told(1, Kind.ANNOUNCEMENT, "", to, None, body=clean_text(body))
    texts = renderer.tell([told], replace(style, transliterate=latin))
    return Version(latin, guardians, tuple(texts))

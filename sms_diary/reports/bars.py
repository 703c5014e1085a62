"""Pictures of a report as SVG, made here: no script, no font, no colour that says anything alone.

What is good stands above the line and what is not below it; what waits is only outlined. Every
number of a picture stands in the table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sms_diary.values import value

_HIGH, _STEP, _BAR = 120, 10, 8


@value
class Day:
    """One column: what arrived, what is on its way, what did not arrive."""

    label: str
    good: int
    waits: int
    bad: int


def columns(days: Sequence[Day], said: str) -> Markup:
    """A column a day; `said` is the picture in words, for whoever does not see it."""
    above = max((day.good + day.waits for day in days), default=0)
    below = max((day.bad for day in days), default=0)
    if not above + below:
        return Markup()
    line = _HIGH * above / (above + below)
    scale = _HIGH / (above + below)
    drawn = Markup().join(_column(n, day, line, scale) for n, day in enumerate(days))
    return Markup(
        '<svg class="chart" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}<line class="axis" x1="0" x2="{}" y1="{:.1f}" y2="{:.1f}"/></svg>'
    ).format(len(days) * _STEP, _HIGH, said, drawn, len(days) * _STEP, line, line)


def _column(n: int, day: Day, line: float, scale: float) -> Markup:
    good, waits, bad = day.good * scale, day.waits * scale, day.bad * scale
    said = f"{day.label}: доставлено {day.good}, в пути {day.waits}, не доставлено {day.bad}"
    return Markup("<g><title>{}</title>{}{}{}</g>").format(
        said,
        _rect("good", n, line - good, good),
        _rect("waits", n, line - good - waits, waits),
        _rect("bad", n, line, bad),
    )


def _rect(name: str, n: int, top: float, high: float) -> Markup:
    if high <= 0:
        return Markup()
    return Markup('<rect class="{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
        name, n * _STEP + (_STEP - _BAR) / 2, top, _BAR, high
    )


def bar(part: int, whole: int) -> Markup:
    """A share as a bar in a frame; beside it stands the number."""
    wide = 100 * part / whole if whole else 0
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="frame" x="0" y="0" width="100" height="8"/>'
        '<rect class="good" x="0" y="0" width="{:.1f}" height="8"/></svg>'
    ).format(wide)

"""The table of all screens, in the order of the navigation. One line a screen's module."""

from __future__ import annotations

from sms_diary.admin.screen import Screen
from sms_diary.admin.screens import (
    announcements,
    audit,
    channels,
    consents,
    guide,
    held,
    imports,
    inbound,
    keys,
    messages,
    pause,
    people,
    problems,
    quarantine,
    reports,
    schedule,
    schools,
    settings,
    state,
    summary,
    templates,
    users,
)

SCREENS: tuple[Screen, ...] = (
    *summary.SCREENS,
    *schools.SCREENS,
    *people.SCREENS,
    *consents.SCREENS,
    *problems.SCREENS,
    *inbound.SCREENS,
    *messages.SCREENS,
    *announcements.SCREENS,
    *templates.SCREENS,
    *schedule.SCREENS,
    *held.SCREENS,
    *imports.SCREENS,
    *quarantine.SCREENS,
    *reports.SCREENS,
    *channels.SCREENS,
    *keys.SCREENS,
    *users.SCREENS,
    *settings.SCREENS,
    *state.SCREENS,
    *audit.SCREENS,
    *guide.SCREENS,
    *pause.SCREENS,
)

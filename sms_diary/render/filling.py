"""Templates compiled and filled. Which values they get is up to the writers of sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from jinja2 import Template

from sms_diary.errors import ConfigError
from sms_diary.render.kinds import KINDS
from sms_diary.render.templates import ENVIRONMENT, check

_GAPS = re.compile(r" +(?=:)| {2,}")


class Filling:
    """A template that is filled again and again, in one context: jinja would make one a text."""

    def __init__(self, name: str, source: str) -> None:
        """Raises ConfigError, in Russian, for what `templates.check` finds."""
        self.source = source
        template = _compiled(name, source)
        # What a caller does not give is empty: a text never breaks on an undefined value.
        empty = dict.fromkeys(KINDS[name].variables if name in KINDS else (), "")
        # `shared`: without jinja's globals there are none to abuse.
        self._context = template.new_context(empty, shared=True)
        self._values = self._context.vars
        self._render = template.root_render_func

    def __call__(self, values: Mapping[str, object]) -> str:
        """One line or more without spaces at its ends, nor two in a row."""
        self._values.clear()
        self._values.update(values)
        text = "".join(self._render(self._context))
        # An empty value leaves its spaces behind.
        return _GAPS.sub(_closed, text).strip() if _GAPS.search(text) else text.strip()


@lru_cache(maxsize=128)
def _compiled(name: str, source: str) -> Template:
    # Whatever door it came by: what is not checked is never run.
    if found := check(source, name):
        raise ConfigError(f"шаблон {name}, {found[0]}")
    return ENVIRONMENT.from_string(source.strip())


def _closed(match: re.Match[str]) -> str:
    at = match.end()
    return "" if match.string[at : at + 1] == ":" else " "

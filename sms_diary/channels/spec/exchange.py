"""A request and how its reply is read: what sending, polling and the balance have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from sms_diary.channels.spec import templates
from sms_diary.channels.spec.meanings import Codes, Loose, word
from sms_diary.fields import Strict

Verified = Literal["live", "documentation", "clients", "no"]
_SENDING = (
    "secret", "phone", "text", "sender", "ours", "n", "valid", "expires", "coding", "callback",
    "inbound",
)  # fmt: skip
_SHARED = ("text", "coding", "valid", "expires")
"""What all messages of a request may have in common: the same text, the earliest end."""
_ASKING = ("secret", "id", "phone", "ours", "sender", "n")
_ONCE = ("secret",)
_WINDOW = ("secret", "sender", "since", "until")


class Where:
    """A JMESPath expression that finds one thing in a reply."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self._compiled = jmespath.compile(expression)

    def find(self, document: Any) -> Any:
        """What stands there; None for nothing. Raises nothing for a reply of another shape."""
        try:
            return self._compiled.search(document)
        except JMESPathError:
            return None

    def text(self, document: Any) -> str:
        """As `find`, a scalar as text; "" for what is none."""
        found = self.find(document)
        return "" if isinstance(found, dict | list) else word(found)


def _where(given: Any) -> Where:
    if isinstance(given, str):
        try:
            return Where(given)
        except JMESPathError:
            pass
    raise ValueError('нужен путь JMESPath: status, data.id, "message-id", messages[0].code')


Path = Annotated[Where, BeforeValidator(_where), WithJsonSchema({"type": "string"})]


class Check(Loose):
    """Whether what stands at `path` is one of `equals`; without `equals`, is there at all."""

    path: Path
    equals: Codes | None = None

    def holds(self, document: Any) -> bool:
        found = self.path.find(document)
        if self.equals is None:
            return found is not None
        return not isinstance(found, dict | list | None) and word(found) in self.equals


class Auth(Strict):
    """What each request carries so that the provider knows us."""

    basic: tuple[str, str] | None = None
    """Name and password of HTTP Basic."""
    headers: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, str] = Field(default_factory=dict)
    """Beside the fields of every request whose fields are a table."""

    @model_validator(mode="after")
    def _secrets_only(self) -> Auth:
        templates.allowed([list(self.basic or ()), self.headers, self.fields], _ONCE)
        return self


class Request(Loose):
    """One kind of request. `fields` may be a table, or `"{items}"` for a list of `each` alone."""

    verified: Verified
    method: Literal["GET", "POST"] = "POST"
    path: str = ""
    encode: Literal["query", "form", "json"] = "form"
    headers: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, Any] | str = Field(default_factory=dict)
    each: dict[str, Any] | str | None = None
    """Of every message of a batch. Without `{items}` in `fields` they are joined to the fields."""
    join: str = ""
    """Between the texts of `each`, where `{items}` is one text and not a list."""
    most: int = Field(1, ge=1, le=1000)
    unique: bool = False
    """No phone twice in one request."""

    @model_validator(mode="after")
    def _gaps(self) -> Request:
        inside = self._words()
        shared = {"sender", "callback", "inbound", *_SHARED} & {*inside}
        outside = (*_ONCE, "items", *sorted(shared)) if self.each else inside
        in_path = {*_ONCE, "id", "ours", "since", "until"} & {*_ONCE, *inside}
        templates.allowed([self.path, self.headers], sorted(in_path))
        templates.allowed(self.fields, outside)
        templates.allowed(self.each, inside)
        if self.most > 1 and self.each is None:
            raise ValueError("most больше одного бывает только вместе с each")
        if isinstance(self.fields, str) and self.fields != "{items}":
            raise ValueError('fields — таблица или "{items}"')
        if self.encode != "json" and not isinstance(self.fields, Mapping):
            raise ValueError("без JSON поля (fields) бывают только таблицей")
        return self

    def shared(self) -> frozenset[str]:
        """What the fields say of all messages of a request at once."""
        if self.each is None:
            return frozenset()
        return frozenset(gap.word for gap in templates.gaps(self.fields))

    def _words(self) -> tuple[str, ...]:
        return _SENDING


class Question(Request):
    """A request about messages that were sent, or about the account."""

    def _words(self) -> tuple[str, ...]:
        return _ASKING


class Round(Question):
    """A request for whatever is new, every so often."""

    every: float = Field(20.0, ge=1)
    reach: float = Field(0.0, ge=0, le=30 * 86_400)
    """0: a queue, which forgets what it gave. Else a list, in which all of so many seconds stands
    each time: `{since:…}` is so long ago, and longer where the last answer is."""

    @model_validator(mode="after")
    def _has_a_window(self) -> Round:
        words = {gap.word for gap in templates.gaps([self.path, self.fields, self.each])}
        if not self.reach and words & {"since", "until"}:
            raise ValueError(
                "для {since:…} и {until:…} нужен reach: сколько секунд назад спрашивать"
            )
        return self

    def _words(self) -> tuple[str, ...]:
        return _WINDOW


class Format(Loose):
    """How a reply becomes a document, and whether it is a success as a whole.

    A reply that is no JSON is read by `patterns`: the names of its groups are then what paths find.
    With `lines` it is a list of such tables, one a line.
    """

    format: Literal["json", "text"] = "json"
    patterns: tuple[re.Pattern[str], ...] = ()
    lines: bool = False
    ok: Check | None = None
    """Without it a 2xx that can be read is success."""
    code: Path | None = None

    @field_validator("patterns")
    @classmethod
    def _groups(cls, patterns: tuple[re.Pattern[str], ...]) -> tuple[re.Pattern[str], ...]:
        if not all(pattern.groupindex for pattern in patterns):
            raise ValueError("в каждом выражении нужны именованные группы: (?P<id>…)")
        return patterns

    @model_validator(mode="after")
    def _can_be_read(self) -> Format:
        if self.format == "text" and not self.patterns:
            raise ValueError("для format = text нужны выражения patterns")
        if self.lines and self.format != "text":
            raise ValueError("lines бывает только вместе с format = text")
        return self


class Results(Format):
    """Which result of a reply belongs to which message."""

    items: Path | None = None
    """The list of results, or the table of them; without it the reply is the one result."""
    keyed_by: Literal["phone", "id", "ours"] | None = None
    """The results stand in a table by this."""
    by: Literal["order", "phone", "id", "ours"] = "order"
    """How the results of a list belong to messages: by place, or by the path of this name."""
    id: Path | None = None
    ours: Path | None = None
    phone: Path | None = None

    @model_validator(mode="after")
    def _has_what_it_goes_by(self) -> Results:
        if self.by != "order" and getattr(self, self.by) is None:
            raise ValueError(f"by = {self.by}, а пути {self.by} нет")
        if self.keyed_by is not None and self.items is None:
            raise ValueError("keyed_by бывает только вместе с items")
        return self


class Reading(Results):
    """The reply to a sending."""

    ours_is_id: bool = False
    """The provider calls a message by the id that we gave it."""
    item_ok: Check | None = None
    item_code: Path | None = None
    several: bool = False
    """A message may have an id for each of its pieces: in a list at `id`, or in several results."""
    split: str = ""
    """Between several ids that are written as one text."""
    cost: Path | None = None
    """What the message, or this piece of it, costs."""

    @model_validator(mode="after")
    def _several_have_ids(self) -> Reading:
        if self.several and self.id is None:
            raise ValueError("several бывает только вместе с id")
        if self.split and not self.several:
            raise ValueError("split бывает только вместе с several = true")
        return self


class News(Loose):
    """Where the fields of one receipt or of one inbound SMS stand."""

    items: Path | None = None
    """The list of them; without it there is one."""
    when: Check | None = None
    """Which of them are meant; others are left alone."""
    id: Path | None = None
    ours: Path | None = None
    phone: Path | None = None
    at: Path | None = None
    at_form: str = "unix"
    """`unix`, `ms`, `iso`, or a form of strptime in the provider's `zone`."""

    @field_validator("at_form")
    @classmethod
    def _known(cls, form: str) -> str:
        if form not in ("unix", "ms", "iso") and "%" not in form:
            raise ValueError("бывает unix, ms, iso или вид времени: %d.%m.%Y %H:%M:%S")
        return form


class ReceiptNews(News):
    state: Path
    error: Path | None = None


class InboundNews(News):
    phone: Path
    text: Path
    text_form: Literal["", "utf16hex"] = ""
    wide: Check | None = None
    """When the octets of the text in the address or form are UTF-16 and not UTF-8."""
    to: Path | None = None

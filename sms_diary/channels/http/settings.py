"""One route over HTTP as values: its provider's file, its secrets, its address for pushes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sms_diary.carrying import Carrying
from sms_diary.channels.spec.http import Http
from sms_diary.channels.spec.meanings import word
from sms_diary.clock import SECOND
from sms_diary.values import value

_CALLBACKS = "/callbacks"


@value
class HttpSettings:
    """Times are seconds."""

    name: str
    title: str
    """The provider's, for people."""
    spec: Http
    secrets: Mapping[str, str]
    source: str = ""
    """The sender's name that the provider has registered."""
    urls: tuple[str, ...] = ()
    """In order; without the slash at the end."""
    private: bool = False
    """Whether the provider may be at an address that the internet does not know."""
    public_url: str = ""
    """How this service is reached from outside; "" = not at all."""
    token: str = ""
    """What stands in the addresses for pushes; "" = there are none."""
    proxy: str = ""
    ca_file: str = ""
    rate: float = 0.0
    gap: float = 0.0
    """Between two identical texts to one number; 0 = the provider does not mind."""
    concurrent: int = 4
    query_after: float = 0.0
    """Seconds after which a part without a receipt is asked for; 0 = never."""
    balance_low: float = 0.0
    """Below this much money people are told; 0 = never."""
    stop_timeout: float = 5.0

    def __repr__(self) -> str:
        # Without secrets.
        return f"HttpSettings({self.name})"

    def callback(self, door: str) -> str | None:
        """Where the provider brings `receipts` or `inbound`; None without a public address."""
        if not self.public_url or not self.token:
            return None
        return f"{self.public_url.rstrip('/')}{_CALLBACKS}/{self.name}/{self.token}/{door}"

    def masked(self, text: str) -> str:
        """The text without any of our secrets."""
        for secret in sorted({*self.secrets.values(), self.token}, key=len, reverse=True):
            if secret:
                text = text.replace(secret, "***")
        return text

    def explain(self, code: str) -> str:
        """What a code means, in Russian, where the provider's file says so; else ""."""
        for rule in self.spec.errors:
            if rule.reason and rule.code is not None and word(code) in rule.code:
                return rule.reason
        return ""

    def carrying(self) -> Carrying:
        """The provider cuts long texts itself."""
        return Carrying(latin=self.spec.latin, whole=True, gap=int(self.gap * SECOND))

    def without_queues(self) -> HttpSettings:
        """For whoever stores nothing: a queue gives everything once."""
        receipts = self.spec.receipts.model_copy(update={"queue": None})
        inbound = self.spec.inbound.model_copy(update={"queue": None})
        spec = self.spec.model_copy(update={"receipts": receipts, "inbound": inbound})
        return replace(self, spec=spec)

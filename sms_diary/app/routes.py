"""The configured routes in their order, each with its channel, whatever it speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sms_diary import unanswered
from sms_diary.admin.routes import Configured
from sms_diary.carrying import ALONE, Carrying, Order, Ways
from sms_diary.channels.http import HttpChannel, HttpSettings
from sms_diary.channels.http import profile as http_profile
from sms_diary.channels.smpp import SmppChannel, SmppSettings, content, results
from sms_diary.channels.smpp import profile as smpp_profile
from sms_diary.channels.spec.meanings import OfPhone
from sms_diary.clock import Clock
from sms_diary.config import HttpRoute, Route, Settings, provider_folders, route_values

AnyChannel = SmppChannel | HttpChannel
NO_ROUTE = "main"
"""Where messages wait while no route is configured."""


@dataclass(frozen=True, slots=True)
class OwnRoute:
    """One route, before its channel is opened. Times are seconds."""

    name: str
    carrying: Carrying
    query_after: float
    """After which a part without a receipt is asked for; 0 = never."""
    at_a_time: int
    """Parts asked for at once."""
    looks_up: bool
    """Whether the provider can be asked for our own ids."""
    explain: Callable[[str], str]
    """A code of the operator's in Russian; "" when nobody knows."""
    of_phones: tuple[OfPhone, ...]
    """What the codes of its receipts say of phones."""
    open: Callable[[Clock], AnyChannel]
    """Raises ConfigError for what can be seen before anything is sent."""
    http: HttpSettings | None = None
    order: Order = ALONE
    price: Decimal = Decimal(0)
    """Roubles for one SMS; 0: nobody has said."""
    out_after: float = 0.0
    """Seconds of trouble after which it is out."""
    speaks: str = ""
    """How people call the other side: «SMPP», or the provider's own name."""
    rate: float = 0.0
    """Parts a second; 0 = no limit."""
    window: int = 0
    """Parts on their way at once."""

    @property
    def configured(self) -> Configured:
        """What the desk may show of it."""
        return Configured(self.name, self.speaks, self.rate, self.window)


def of_settings(settings: Settings) -> list[OwnRoute]:
    """Every route of the configuration. Raises ConfigError."""
    return [
        replace(
            found,
            carrying=replace(found.carrying, reply_to=route.reply_to),
            order=Order(route.backup, route.urgent),
            price=route.price,
            out_after=route.out_after,
        )
        for route in settings.routes
        for found in [_loaded(settings, route)]
    ]


def ways(routes: Sequence[OwnRoute]) -> Ways:
    """How all of them carry texts, and which one follows which."""
    return Ways(
        routes[0].name if routes else NO_ROUTE,
        {route.name: route.carrying for route in routes},
        {route.name: route.order for route in routes},
    )


def prices(routes: Sequence[OwnRoute]) -> dict[str, Decimal]:
    """Roubles for one SMS, of those that name a price."""
    return {route.name: route.price for route in routes if route.price}


def _loaded(settings: Settings, route: Route | HttpRoute) -> OwnRoute:
    folders = provider_folders(settings)
    if isinstance(route, Route):
        return _over_smpp(smpp_profile.load(route_values(route), folders).settings)
    own = http_profile.load(route_values(route), folders, public_url=settings.public_url)
    return _over_http(own.settings)


def _over_smpp(own: SmppSettings) -> OwnRoute:
    def opened(_clock: Clock) -> SmppChannel:
        own.tls_context()  # what is wrong with it is said at the start
        return SmppChannel(own)

    return OwnRoute(
        name=own.name,
        carrying=content.carrying(own),
        query_after=own.query_after,
        at_a_time=unanswered.A_TIME,
        looks_up=False,
        explain=lambda code: results.reason(code, own.vendor_codes),
        of_phones=own.of_phones,
        open=opened,
        speaks="SMPP",
        rate=own.rate,
        window=own.window * own.sessions,
    )


def _over_http(own: HttpSettings) -> OwnRoute:
    spec = own.spec
    polls = [poll.most for poll in (spec.receipts.poll, spec.lookup) if poll is not None]
    return OwnRoute(
        name=own.name,
        carrying=own.carrying(),
        query_after=own.query_after,
        at_a_time=max([unanswered.A_TIME, *polls]),
        looks_up=spec.lookup is not None,
        explain=own.explain,
        of_phones=spec.receipts.codes,
        open=lambda clock: HttpChannel(own, clock),
        http=own,
        speaks=own.title,
        rate=own.rate,
        window=own.concurrent,
    )

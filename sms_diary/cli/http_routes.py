"""Routes over HTTP as `route list`, `route show` and `check` tell of them; no secret is shown."""

from __future__ import annotations

from sms_diary.channels.http import profile
from sms_diary.channels.http.client import tls
from sms_diary.channels.http.profile import Profile
from sms_diary.channels.http.settings import HttpSettings
from sms_diary.channels.spec import VERIFIED_RU
from sms_diary.config import HttpRoute, Settings, provider_folders, route_values

SECTION_RU = {
    "send": "отправка",
    "lookup": "вопрос по нашему номеру",
    "balance": "остаток на счёте",
    "receipts.push": "отчёты, которые он приносит",
    "receipts.poll": "отчёты, о которых спрашиваем",
    "receipts.queue": "очередь отчётов",
    "inbound.push": "ответы родителей, которые он приносит",
    "inbound.queue": "очередь ответов родителей",
}


def line(found: Profile) -> str:
    """One route in a line."""
    own = found.settings
    speed = f"{own.rate:g} SMS/с" if own.rate else "скорость не ограничена"
    return (
        f"{own.name}: {found.provider.title}, {own.urls[0]}, отправитель "
        f"{own.source or '(не задан)'}, {speed}, запросов сразу {own.concurrent}"
    )


def shown(found: Profile, *, reply_to: str) -> list[str]:
    """All that holds for a route, and the addresses for the provider's cabinet."""
    own, provider = found.settings, found.provider
    about = VERIFIED_RU[provider.verified]
    lines = [f"Маршрут {own.name}", f"Оператор: {provider.title} ({provider.name}), {about}."]
    if provider.note:
        lines.append(provider.note)
    rows = {
        "адреса": ", ".join(own.urls),
        "source": own.source or "(не задан)",
        "reply_to": reply_to or "(отвечать некуда)",
        "secrets": ", ".join(name for name, said in own.secrets.items() if said),
        "proxy": own.proxy or "(нет)",
        "rate": f"{own.rate:g}",
        "concurrent": str(own.concurrent),
        "query_after": f"{own.query_after:g}",
        "balance_low": f"{own.balance_low:g}",
    }
    lines += [f"  {name} = {said}" for name, said in rows.items()]
    lines.append("Откуда известно:")
    lines += [
        f"  {SECTION_RU[name]}: {VERIFIED_RU[said]}" for name, said in own.spec.verified().items()
    ]
    return lines + addresses(own)


def addresses(own: HttpSettings) -> list[str]:
    """What to enter in the provider's cabinet. The token is in it: that is the point of it."""
    receipts, inbound = own.spec.receipts.push, own.spec.inbound.push
    lines: list[str] = []
    if receipts is not None and (address := own.callback("receipts")):
        where = "впишите в кабинете" if receipts.account_wide else "программа шлёт его сама"
        lines.append(f"Адрес для отчётов ({where}): {address}")
    if inbound is not None and (address := own.callback(inbound.door)):
        lines.append(f"Адрес для ответов родителей (впишите в кабинете): {address}")
    if missing := profile.deaf(own):
        lines.append(f"Внимание: {missing}.")
    return lines


def checked(settings: Settings, route: HttpRoute) -> list[str]:
    """What `check` says of a route. Raises ConfigError."""
    found = profile.load(
        route_values(route), provider_folders(settings), public_url=settings.public_url
    )
    own = found.settings
    tls(own)
    lines = [f"маршрут {own.name}: {own.urls[0]}, настройки верны"]
    if missing := profile.deaf(own):
        lines.append(f"маршрут {own.name}: {missing}")
    return lines

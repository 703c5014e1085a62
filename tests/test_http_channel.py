"""The HTTP channel against a real server: what is accepted, refused, in doubt, surely unsent."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from operator import contains
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from sms_diary.channels.base import Asked, Outcome, Result
from sms_diary.channels.http import HttpChannel
from sms_diary.channels.http.client import Attempt, Client, PublicOnly, Unsent
from sms_diary.channels.http.rendering import Prepared
from sms_diary.clock import ManualClock
from sms_diary.model import Failure, PartState, Scope
from tests.http_peer import News, Provider, cut, cut_in_body, drip, hang, part, serving, settings

NOON_OF_MOSCOW = 1_795_856_400_000  # 2026-11-28 12:00 +03:00


def quick(address: str, **changes: Any) -> Any:
    """A route that is not patient."""
    own = settings(address, **changes)
    spec = own.spec.model_copy(update={"response_timeout": 0.3, "connect_timeout": 0.5})
    return replace(own, spec=spec, stop_timeout=0.2)


async def sent(own: Any, *parts: Any) -> dict[int, Result]:
    """What becomes of parts that are handed over at once."""
    channel, news = HttpChannel(own, ManualClock(NOON_OF_MOSCOW)), News()
    await channel.start(news.reports())
    try:
        await channel.send(parts)
        await news.until(lambda: len(news.results) == len(parts))
    finally:
        await channel.stop()
    return news.results


async def test_a_batch_goes_in_one_request_and_each_message_gets_its_own_id() -> None:
    async with serving() as provider:
        own = settings(provider.address, public_url="https://d.example.ru", token="t" * 16)
        found = await sent(own, part(1), part(2, "Hello"))
    [request] = provider.seen
    assert (request.method, request.path) == ("POST", "/v1/batch")
    assert request.headers["X-Api-Key"] == "ApiKey secret-key"
    assert request.json[0] == {
        "ref": "1", "to": 79000000001, "body": "Оценка 5", "from": "SHKOLA",
        "notify": f"https://d.example.ru/callbacks/main/{'t' * 16}/receipts",
    }  # fmt: skip
    assert found == {
        1: Result(1, Outcome.ACCEPTED, "U1"), 2: Result(2, Outcome.ACCEPTED, "U2")
    }  # fmt: skip


async def test_a_field_without_a_value_is_left_out() -> None:
    async with serving() as provider:
        await sent(settings(provider.address, source=""), part(1))
    assert set(provider.seen[0].json[0]) == {"ref", "to", "body"}


def html(status: int) -> Callable[[Provider], Any]:
    return lambda provider: provider.answer(status, "<html><h1>Oops</h1></html>")


IN_DOUBT = {
    "hung": lambda provider: hang,
    "cut before an answer": lambda provider: cut,
    "cut in the body": lambda provider: cut_in_body,
    "a drip that never ends": lambda provider: drip,
    "a page of a proxy with 200": html(200),
    "a page of a proxy with 502": html(502),
    "500 after it was taken": lambda provider: provider.after_taking(
        provider.answer(500, '{"error": "internal"}')
    ),
    "wrong JSON": lambda provider: provider.answer(200, '{"results": '),
    "JSON of another shape": lambda provider: provider.answer(200, "[]"),
    "an answer that leaves the message out": lambda provider: provider.answer(
        200, '{"results": {"77": {"state": "queued", "uid": "U77"}}}'
    ),
    "408": html(408),
}


@pytest.mark.parametrize("kind", IN_DOUBT)
async def test_what_was_written_and_not_clearly_answered_is_in_doubt(kind: str) -> None:
    async with serving() as provider:
        provider.faults.append(IN_DOUBT[kind](provider))
        found = await sent(quick(provider.address), part(1))
    assert found[1].outcome is Outcome.DOUBT
    assert provider.turns == 1  # and it was not written again


async def test_a_get_that_is_cut_is_not_written_again_either() -> None:
    """aiohttp writes a GET once more by itself when its connection breaks."""
    async with serving() as provider:
        provider.fault = lambda _turn: cut
        own = quick(provider.address)
        changes = {"method": "GET", "encode": "query", "fields": {}, "most": 1}
        send = own.spec.send.model_copy(update=changes)
        own = replace(own, spec=own.spec.model_copy(update={"send": send}))
        found = await sent(own, part(1))
        assert found[1].outcome is Outcome.DOUBT
        assert provider.turns == 1


CLEAR = [
    (401, "", {}, Failure.CONFIG, Scope.ACCOUNT, "HTTP 401", 0),
    (403, "<html>", {}, Failure.CONFIG, Scope.ACCOUNT, "HTTP 403", 0),
    (404, "<html>", {}, Failure.CONFIG, Scope.ACCOUNT, "HTTP 404", 0),
    (302, "", {"Location": "http://127.0.0.1:1/"}, Failure.CONFIG, Scope.ACCOUNT, "HTTP 302", 0),
    (429, "", {"Retry-After": "17"}, Failure.THROTTLED, Scope.ACCOUNT, "HTTP 429", 17),
    (422, "{}", {}, Failure.UNKNOWN, Scope.MESSAGE, "HTTP 422", 0),
    (400, '{"error": "no-money"}', {}, Failure.BALANCE, Scope.ACCOUNT, "no-money", 0),
    (429, '{"error": "slow-down"}', {"Retry-After": "9"}, Failure.THROTTLED, Scope.ACCOUNT,
     "slow-down", 9),
    (400, '{"error": "tomorrow"}', {}, Failure.THROTTLED, Scope.MESSAGE, "tomorrow", 43_260),
    (200, '{"results": {"1": {"state": "no", "why": "bad-phone"}}}', {}, Failure.BAD_NUMBER,
     Scope.NUMBER, "bad-phone", 0),
    (200, '{"results": {"1": {"state": "no", "why": "strange"}}}', {}, Failure.UNKNOWN,
     Scope.MESSAGE, "strange", 0),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "headers", "failure", "scope", "code", "delay"), CLEAR)
async def test_a_clear_refusal_is_a_failure_in_our_words(
    status: int, body: str, headers: dict[str, str], failure: Failure, scope: Scope, code: str,
    delay: float,
) -> None:  # fmt: skip
    async with serving() as provider:
        provider.faults.append(provider.answer(status, body, **headers))
        found = await sent(settings(provider.address), part(1))
    assert found[1] == Result(
        1, Outcome.FAILED, failure=failure, scope=scope, code=code, delay=delay
    )


async def test_one_refused_message_does_not_harm_the_others_of_its_batch() -> None:
    async with serving() as provider:
        provider.faults.append(
            provider.answer(
                200,
                """{"results": {
            "1": {"state": "queued", "uid": "A"}, "2": {"state": "no", "why": "bad-phone"}}}""",
            )
        )
        found = await sent(settings(provider.address), part(1), part(2), part(3))
    assert [found[n].outcome for n in (1, 2, 3)] == [
        Outcome.ACCEPTED, Outcome.FAILED, Outcome.DOUBT,
    ]  # fmt: skip


async def test_a_batch_refused_for_one_message_goes_again_each_alone() -> None:
    async with serving() as provider:
        provider.faults.append(provider.answer(400, '{"error": "forbidden-text"}'))
        own = settings(provider.address)
        channel, news = HttpChannel(own), News()
        await channel.start(news.reports())
        await channel.send([part(1), part(2)])
        await news.until(lambda: len(news.results) == 2)
        assert {one.outcome for one in news.results.values()} == {Outcome.UNSENT}
        news.results.clear()
        await channel.send([part(1), part(2)])
        await news.until(lambda: len(news.results) == 2)
        await channel.stop()
    assert [len(request.json) for request in provider.seen] == [2, 1, 1]


# --- dup


async def test_i_have_it_already_is_accepted_only_after_a_doubt() -> None:
    async with serving() as provider:
        provider.uids = {"1": "U1", "2": "U2"}
        found = await sent(settings(provider.address), part(1), part(2, doubted=True))
    assert (found[1].outcome, found[1].failure) == (Outcome.FAILED, Failure.REJECTED)
    assert (found[2].outcome, found[2].code) == (Outcome.ACCEPTED, "duplicate")


# --- surely unsent


def nobody() -> str:
    """An address where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


async def test_nobody_listening_is_surely_unsent() -> None:
    found = await sent(quick(nobody()), part(1))
    assert found[1].outcome is Outcome.UNSENT


async def test_the_next_address_is_tried_only_when_nothing_was_written() -> None:
    async with serving() as first, serving() as second:
        found = await sent(quick(first.address, urls=(nobody(), second.address)), part(1))
        assert found[1].outcome is Outcome.ACCEPTED
        first.faults.append(hang)
        found = await sent(quick(first.address, urls=(first.address, second.address)), part(2))
        assert found[2].outcome is Outcome.DOUBT
    assert (first.turns, second.turns) == (1, 1)


async def test_an_address_of_the_inside_is_refused_unless_the_gateway_is_ones_own() -> None:
    async with serving() as provider:
        port = provider.address.rpartition(":")[2]
        client = Client(settings(f"http://localhost:{port}", private=False))
        with pytest.raises(Unsent):
            await client.exchange(Prepared("GET", "", (), None, None, False, {}), Attempt())
        await client.close()
    assert provider.seen == []


@pytest.mark.parametrize(
    ("answers", "kept"),
    [
        ([["8.8.8.8", "127.0.0.1", "10.0.0.1"]], [["8.8.8.8"]]),
        ([["8.8.8.8"], ["169.254.169.254"]], [["8.8.8.8"], None]),
        ([["::ffff:10.0.0.1"]], [None]),
    ],
)
async def test_a_name_that_leads_inside_now_or_later_leads_nowhere(
    monkeypatch: pytest.MonkeyPatch, answers: list[list[str]], kept: list[list[str] | None]
) -> None:
    """Whoever is connected to is whoever was looked at: the connector asks no other resolver."""
    waiting = list(answers)

    async def resolve(_self: object, host: str, port: int = 0, family: int = 0) -> Any:
        return [{"host": one, "hostname": host, "port": port} for one in waiting.pop(0)]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", resolve)
    resolver = PublicOnly()
    for expected in kept:
        if expected is None:
            with pytest.raises(OSError, match="not an address of the internet"):
                await resolver.resolve("api.example.ru", 443)
        else:
            found = await resolver.resolve("api.example.ru", 443)
            assert [one["host"] for one in found] == expected


async def test_what_messages_cost_is_added_up() -> None:
    async with serving(Provider(handler=priced)) as provider:
        channel, news = (
            HttpChannel(settings(provider.address, "outlandish").without_queues()),
            News(),
        )
        await channel.start(news.reports())
        await channel.send([part(1), part(2)])
        await news.until(lambda: len(news.results) == 2)
        await channel.stop()
    assert [str(news.results[n].cost) for n in (1, 2)] == ["3.50", "7.10"]
    assert str(channel.purse.spent) == "10.60"


async def priced(request: web.Request) -> web.Response:
    said = dict(parse_qsl(await request.text()))
    return web.Response(text=f"OK;{said['to[0]']};A1;3.50\nOK;{said['to[1]']};B1,B2;7.10\n")


async def test_a_stop_puts_what_is_written_in_doubt_and_gives_the_rest_back() -> None:
    async with serving() as provider:
        provider.fault = lambda _turn: hang
        own = quick(provider.address, concurrent=1)
        send = own.spec.send.model_copy(update={"most": 1})
        spec = own.spec.model_copy(update={"send": send, "response_timeout": 30.0})
        channel, news = HttpChannel(replace(own, spec=spec)), News()
        await channel.start(news.reports())
        await channel.send([part(1), part(2)])
        await arrived(provider, 1)
        await channel.stop()
    assert [news.results[n].outcome for n in (1, 2)] == [Outcome.DOUBT, Outcome.UNSENT]


async def arrived(provider: Provider, count: int) -> None:
    async with asyncio.timeout(5):
        while provider.turns < count:
            await asyncio.sleep(0.01)


async def test_a_route_that_is_no_more_ours_writes_nothing() -> None:
    async with serving() as provider:
        channel, news = HttpChannel(settings(provider.address)), News()
        await channel.start(replace(news.reports(), mine=lambda: False))
        await channel.send([part(1)])
        await news.until(lambda: bool(news.results))
        await channel.stop()
    assert news.results[1].outcome is Outcome.UNSENT
    assert provider.turns == 0


# --- the whole account


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [(401, "", "refused"), (400, '{"error": "no-money"}', "refused"), (429, "", "refused")],
)
async def test_trouble_of_the_account_pauses_it_and_one_message_tries_first(
    status: int, body: str, state: str
) -> None:
    now = 1000.0
    async with serving() as provider:
        provider.faults.append(provider.answer(status, body))
        channel = HttpChannel(settings(provider.address), now=lambda: now)
        news = News()
        await channel.start(news.reports())
        assert channel.room() == 150
        await channel.send([part(1)])
        await news.until(lambda: bool(news.results))
        assert (channel.state, channel.ready(), channel.room()) == (state, False, 0)
        assert "secret" not in channel.reason
        now += 301
        assert (channel.ready(), channel.state, channel.room()) == (True, "trying", 1)
        await channel.send([part(2)])
        await news.until(lambda: 2 in news.results)
        assert (channel.state, channel.room()) == ("bound", 150)
        await channel.stop()


async def test_a_provider_in_trouble_gets_a_rest_and_is_tried_again() -> None:
    now = 1000.0
    async with serving() as provider:
        provider.fault = lambda turn: provider.answer(503, "") if turn < 4 else None
        channel, news = HttpChannel(settings(provider.address), now=lambda: now), News()
        await channel.start(news.reports())
        for n in (1, 2, 3):
            assert channel.ready()
            await channel.send([part(n)])
            await news.until(partial(contains, news.results, n))
        assert (channel.state, channel.room()) == ("waiting", 0)
        now += 121
        await channel.send([part(4)])
        await news.until(lambda: 4 in news.results)
        assert channel.state == "bound"
        await channel.stop()


async def test_a_rate_bounds_room() -> None:
    now = 1000.0
    async with serving() as provider:
        channel, news = HttpChannel(settings(provider.address, rate=5.0), now=lambda: now), News()
        await channel.start(news.reports())
        assert channel.room() == 10  # a second's worth saved, and one to come
        await channel.send([part(n) for n in range(1, 6)])
        await news.until(lambda: len(news.results) == 5)
        assert channel.room() == 5
        await channel.stop()


# --- asking


async def test_a_part_in_doubt_is_looked_up_by_our_id_and_nothing_is_made_of_silence() -> None:
    async with serving() as provider:
        provider.uids = {"7": "U7"}
        channel, news = HttpChannel(settings(provider.address)), News()
        await channel.start(news.reports())
        await channel.ask([Asked(7, "", "+79000000007"), Asked(8, "", "+79000000008")])
        await news.until(lambda: bool(news.receipts))
        await channel.stop()
    [report] = news.receipts
    assert (report.part_id, report.provider_id, report.state) == (7, "U7", PartState.DELIVERED)


async def test_parts_are_polled_by_the_providers_id() -> None:
    async with serving() as provider:
        provider.uids = {"7": "U7", "8": "U8"}
        channel, news = HttpChannel(settings(provider.address)), News()
        await channel.start(news.reports())
        await channel.ask([Asked(7, "U7", "+79000000007"), Asked(8, "U8", "+79000000008")])
        await news.until(lambda: len(news.receipts) == 2)
        await news.until(lambda: channel.purse.balance is not None)
        await channel.stop()
    assert [(one.part_id, one.state) for one in news.receipts] == [
        (7, PartState.DELIVERED), (8, PartState.DELIVERED),
    ]  # fmt: skip
    assert str(channel.purse.balance) == "41.50"


# --- lists of the last hours


HOUR = 3_600_000


def listing(address: str, **changes: Any) -> Any:
    """A route whose receipts and SMS are fetched, both again at once."""
    own = settings(address, "outlandish", **changes)
    receipts, inbound = own.spec.receipts, own.spec.inbound
    quick = {"every": 0.02}
    assert receipts.queue is not None
    assert inbound.queue is not None
    spec = own.spec.model_copy(update={
        "receipts": receipts.model_copy(
            update={"queue": receipts.queue.model_copy(update=quick)}),
        "inbound": inbound.model_copy(update={"queue": inbound.queue.model_copy(update=quick)}),
    })  # fmt: skip
    return replace(own, spec=spec)


class Lists:
    """A provider of lists; what stands in them may change."""

    def __init__(self) -> None:
        self.reports: list[dict[str, str]] = []
        self.sms = ""
        self.since: list[str] = []
        self.status = 200

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/incoming.cgi":
            return web.Response(text=self.sms)
        self.since.append(request.query["since"])
        return web.json_response({"reports": self.reports}, status=self.status)


async def test_of_a_list_only_what_is_new_is_told() -> None:
    lists = Lists()
    lists.reports = [{"piece": "A", "st": "W"}, {"piece": "B", "st": "D"}]
    lists.sms = "7|79000000001|СТОП\n"
    async with serving(Provider(handler=lists.answer)) as provider:
        channel, news = HttpChannel(listing(provider.address), ManualClock(NOON_OF_MOSCOW)), News()
        await channel.start(news.reports())
        await news.until(lambda: bool(news.receipts) and bool(news.inbound))
        await until(lambda: len(lists.since) > 3)
        lists.reports[0]["st"] = "U"
        await news.until(lambda: len(news.receipts) == 2)
        await until(lambda: len(lists.since) > 8)
        await channel.stop()
    assert [(one.provider_id, one.state) for one in news.receipts] == [
        ("B", PartState.DELIVERED), ("A", PartState.UNDELIVERED),
    ]  # fmt: skip
    assert [(one.id, one.text) for one in news.inbound] == [("7", "СТОП")]


async def test_a_list_reaches_back_from_its_last_answer_however_long_ago_that_was() -> None:
    lists, clock = Lists(), ManualClock(NOON_OF_MOSCOW)
    async with serving(Provider(handler=lists.answer)) as provider:
        channel, news = HttpChannel(listing(provider.address), clock), News()
        await channel.start(news.reports())
        await until(lambda: len(lists.since) > 1)
        lists.status = 503
        asked = len(lists.since)
        await until(lambda: len(lists.since) > asked + 1)  # no good answer is on its way
        clock.advance(5 * HOUR)
        seen = len(lists.since)
        await until(lambda: len(lists.since) > seen + 2)
        assert set(lists.since) == {"2026-11-28T07:00:00Z"}  # the last answer came at nine
        lists.status = 200
        await until(lambda: lists.since[-1] == "2026-11-28T12:00:00Z")
        await channel.stop()


async def test_what_of_a_list_could_not_be_stored_is_told_again() -> None:
    lists, failing = Lists(), [True, True, False]
    lists.reports = [{"piece": "B", "st": "D"}]
    async with serving(Provider(handler=lists.answer)) as provider:
        channel, news = HttpChannel(listing(provider.address), ManualClock(NOON_OF_MOSCOW)), News()
        reports = news.reports()

        async def store(route: str, receipts: Any) -> None:
            if failing.pop(0):
                raise ConnectionError("gone")
            await reports.receipts(route, receipts)

        await channel.start(replace(reports, receipts=store))
        await news.until(lambda: bool(news.receipts))
        await channel.stop()
    assert failing == []


async def until(ready: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not ready():
            await asyncio.sleep(0.01)


# --- what all messages of a request have in common


async def test_messages_with_another_text_go_in_another_request_where_the_text_is_said_once() -> (
    None
):
    async with serving() as provider:
        own = settings(provider.address)
        each = {"ref": "{ours}", "to": "{phone:number}"}
        fields = {"body": "{text}", "ttl": "{valid:seconds}", "list": "{items}"}
        send = own.spec.send.model_copy(update={"fields": fields, "each": each})
        own = replace(own, spec=own.spec.model_copy(update={"send": send}), concurrent=1)
        provider.fault = lambda _turn: provider.answer(400, "{}")
        late = part(3, "Пять", expires=1_700_000_000_000, seconds_left=60)
        await sent(own, part(1, "Пять"), part(2, "Два"), late)
    said = [(one.json["body"], one.json["ttl"], len(one.json["list"])) for one in provider.seen]
    assert said == [("Пять", 60, 2), ("Два", 7200, 1)]


# --- nothing twice


async def test_nothing_is_sent_twice_over_five_thousand_messages_with_faults() -> None:
    """Whoever is not in doubt may be sent again, and still the provider takes each message once."""
    total = 5000
    async with serving() as provider:
        faults = [
            None, None, hang, None, provider.after_taking(hang), cut, None,
            provider.after_taking(cut), cut_in_body, provider.after_taking(cut_in_body),
            provider.answer(429, "", **{"Retry-After": "0"}),
            provider.after_taking(provider.answer(500, "{}")), provider.answer(400, "{}"),
            provider.after_taking(provider.answer(200, "<html>")),
        ]  # fmt: skip
        provider.fault = lambda turn: faults[turn % len(faults)]
        own = quick(nobody(), urls=(nobody(), provider.address), concurrent=8)
        now = 0.0
        channel, news = HttpChannel(own, now=lambda: now), News()
        await channel.start(news.reports())
        waiting = [part(n) for n in range(1, total + 1)]
        ended: Counter[Outcome] = Counter()
        while waiting or channel.outstanding:
            now += 200.0
            batch, waiting = waiting[: channel.room()], waiting[channel.room() :]
            await channel.send(batch)
            await news.until(lambda: channel.outstanding == 0)
            for result in news.results.values():
                if result.outcome in (Outcome.ACCEPTED, Outcome.DOUBT):
                    ended[result.outcome] += 1
                else:
                    waiting.append(part(result.part_id))
            news.results.clear()
        await channel.stop()
    assert ended[Outcome.ACCEPTED] + ended[Outcome.DOUBT] == total
    assert ended[Outcome.DOUBT] > 0
    assert max(provider.taken.values()) == 1
    assert sum(provider.taken.values()) >= ended[Outcome.ACCEPTED]


async def test_every_doubt_that_the_provider_has_taken_is_cleared_up_by_its_ledger() -> None:
    """What it has not taken stays in doubt: nothing is concluded from its silence."""
    total = 500
    async with serving() as provider:
        bad = [hang, cut, cut_in_body, provider.answer(500, "{}")]
        bad += [provider.after_taking(one) for one in bad]
        faults = [one for fault in bad for one in (None, fault)]
        provider.fault = lambda turn: faults[turn % len(faults)]
        own = quick(provider.address, concurrent=8)
        send = own.spec.send.model_copy(update={"most": 5})
        own = replace(own, spec=own.spec.model_copy(update={"send": send}))
        now = 0.0
        channel, news = HttpChannel(own, now=lambda: now), News()
        await channel.start(news.reports())
        waiting = [part(n) for n in range(1, total + 1)]
        while waiting or channel.outstanding:
            now += 200.0
            batch, waiting = waiting[: channel.room()], waiting[channel.room() :]
            await channel.send(batch)
            await news.until(lambda: channel.outstanding == 0)
        doubted = {n for n, one in news.results.items() if one.outcome is Outcome.DOUBT}
        taken = {int(one) for one in provider.taken}
        await channel.ask([Asked(n, "", part(n).number) for n in sorted(doubted)])
        await news.until(lambda: len(news.receipts) == len(doubted & taken))
        await channel.stop()
    assert len(news.results) == total
    assert len(doubted & taken) > 50 < len(doubted - taken)
    assert {one.part_id for one in news.receipts} == doubted & taken
    assert max(provider.taken.values()) == 1


async def test_no_secret_is_in_what_the_channel_says_of_itself() -> None:
    own = quick(nobody())
    channel, news = HttpChannel(own), News()
    await channel.start(news.reports())
    for n in (1, 2, 3):
        await channel.send([part(n)])
        await news.until(partial(contains, news.results, n))
    assert channel.state == "waiting"
    assert channel.reason == "ClientConnectorError"
    await channel.stop()

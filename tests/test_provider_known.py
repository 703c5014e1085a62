"""The files that ship against all that is known of their operators, and against bad answers.

What is known is data (`tests/fixtures/providers.toml`); no operator is named here.
"""

from __future__ import annotations

import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from sms_diary.channels import spec
from sms_diary.channels.base import Outcome, Result
from sms_diary.channels.http import HttpChannel, HttpSettings
from sms_diary.channels.spec.http import Http
from sms_diary.channels.spec.meanings import of_phone
from sms_diary.model import Failure, PartState, Scope
from sms_diary.resources import providers_dir
from tests.http_peer import Handler, News, cut, cut_in_body, drip, hang, part
from tests.test_provider_cases import FILES, quiet

ROOT = Path(__file__).resolve().parent.parent
KNOWN = tomllib.loads((ROOT / "tests" / "fixtures" / "providers.toml").read_text("utf-8"))
SHIPPED = (providers_dir(),)
OVER_HTTP = sorted(KNOWN["http"])


def known(table: str) -> list[Any]:
    """(provider, code, meaning) of every code in these tables."""
    return [
        pytest.param(name, code, meaning, id=f"{name}-{code}")
        for name in OVER_HTTP
        for meaning, codes in KNOWN["http"][name].get(table, {}).items()
        for code in codes
    ]


@cache
def http_of(name: str) -> Http:
    found = spec.load(name, SHIPPED).http
    assert found is not None
    return found


def of_cases(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every refusal that the cases of a provider try."""
    for table in FILES[name].get("codes", []):
        yield from table["table"].items()


# --- what is known is in the files


def test_of_the_eight_it_is_written_down_what_is_known() -> None:
    shipped = [one for one in spec.names(SHIPPED) if spec.load(one, SHIPPED).http is not None]
    assert {one for one in shipped if not http_of(one).unfinished} >= set(OVER_HTTP)
    assert len(OVER_HTTP) == 8


@pytest.mark.parametrize(("name", "code", "meaning"), known("refusals"))
def test_every_refusal_that_is_known_is_in_its_file_and_in_a_case(
    name: str, code: str | int, meaning: str
) -> None:
    rule = next(one for one in http_of(name).errors if one.fits(200, str(code), str(code)))
    assert rule.failure == meaning
    assert meaning in [said.get("failure") for tried, said in of_cases(name) if tried == str(code)]


@pytest.mark.parametrize(("name", "status", "meaning"), known("statuses"))
def test_every_status_that_is_known_is_in_its_file_and_in_a_case(
    name: str, status: int, meaning: str
) -> None:
    rule = next(one for one in http_of(name).errors if one.fits(status, "", ""))
    assert rule.failure == meaning
    tried = [said.get("failure") for code, said in of_cases(name) if code == str(status)]
    tables = [table.get("status") for table in FILES[name]["codes"]]
    assert meaning in tried or status in tables


@pytest.mark.parametrize(("name", "state", "meaning"), known("states"))
def test_every_state_that_is_known_is_in_its_file_and_in_a_case(
    name: str, state: str | int, meaning: str
) -> None:
    expected = PartState.SENT if meaning == "accepted" else PartState(meaning)
    assert http_of(name).states.meaning(str(state)) is expected
    assert FILES[name]["states"][str(state)] == meaning


@pytest.mark.parametrize(("name", "code", "meaning"), known("phones"))
def test_every_code_beside_a_state_that_is_known_is_in_its_file_and_in_a_case(
    name: str, code: int, meaning: str
) -> None:
    rule = of_phone(http_of(name).receipts.codes, str(code))
    assert rule is not None
    assert (rule.failure or "") == meaning
    assert FILES[name]["phones"][str(code)] == meaning


@pytest.mark.parametrize("name", sorted(KNOWN["smpp"]))
def test_the_files_over_smpp_hold_what_is_known(name: str) -> None:
    found = spec.load(name, SHIPPED).defaults
    assert {key: found.get(key) for key in KNOWN["smpp"][name]} == KNOWN["smpp"][name]
    assert ("host" in found) == ("host" in KNOWN["smpp"][name])


@pytest.mark.parametrize("name", OVER_HTTP)
def test_whoever_takes_batches_has_a_case_in_which_a_part_of_one_is_refused(name: str) -> None:
    mixed = [
        case["name"]
        for case in FILES[name]["send"]
        if {"accepted", "failed"} <= {one["outcome"] for one in case["results"]}
    ]
    assert bool(mixed) == (http_of(name).send.most > 1)


# --- no answer is taken for more than it is


def good_reply(name: str) -> str:
    """A reply that means «accepted», by its cases."""
    return next(
        str(case["reply"]["body"])
        for case in FILES[name]["send"]
        if case["results"][0]["outcome"] == "accepted"
    )


def answer(status: int, body: str, **headers: str) -> Handler:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers)

    return handler


PAGE = "<html><head><title>Вход</title></head><body><h1>Oops</h1></body></html>"
BAD: dict[str, Callable[[str], Handler]] = {
    "a page with 200": lambda _good: answer(200, PAGE, **{"Content-Type": "text/html"}),
    "a page with 502": lambda _good: answer(502, PAGE),
    "plain words": lambda _good: answer(200, "Service is busy"),
    "nothing": lambda _good: answer(200, ""),
    "null": lambda _good: answer(200, "null"),
    "two letters of a good answer": lambda good: answer(200, good[:2]),
    "a good answer with 500": lambda good: answer(500, good),
    "a cut body": lambda _good: cut_in_body,
    "a cut connection": lambda _good: cut,
    "hung": lambda _good: hang,
    "a drip": lambda _good: drip,
}


@asynccontextmanager
async def answering(handler: Handler) -> AsyncIterator[tuple[str, list[web.Request]]]:
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        seen.append(request)
        return await handler(request)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}".format(*runner.addresses[0][:2]), seen
    finally:
        await runner.cleanup()


async def outcome(own: HttpSettings) -> Result:
    """What becomes of one message whose provider is not waited for long."""
    spec = own.spec.model_copy(update={"response_timeout": 0.2, "connect_timeout": 0.5})
    channel, news = HttpChannel(replace(own, spec=spec, stop_timeout=0.2)), News()
    await channel.start(news.reports())
    await channel.send([part(1, number="+79000000001")])
    await news.until(lambda: bool(news.results))
    await channel.stop()
    return news.results[1]


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("name", OVER_HTTP)
async def test_what_is_no_clear_answer_is_in_doubt_and_written_once(name: str, kind: str) -> None:
    async with answering(BAD[kind](good_reply(name))) as (address, seen):
        found = await outcome(quiet(name, address))
    assert found.outcome is Outcome.DOUBT
    assert len(seen) == 1


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_redirect_is_told_to_people_and_never_followed(name: str) -> None:
    async with answering(answer(200, good_reply(name))) as (elsewhere, led):
        moved = answer(307, good_reply(name), Location=f"{elsewhere}/send")
        async with answering(moved) as (address, seen):
            found = await outcome(quiet(name, address))
    assert (found.outcome, found.failure, found.scope) == (
        Outcome.FAILED, Failure.CONFIG, Scope.ACCOUNT,
    )  # fmt: skip
    assert (len(seen), led) == (1, [])


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_the_next_address_is_tried_when_nobody_listens_at_the_first(name: str) -> None:
    async with answering(answer(200, good_reply(name))) as (address, seen):
        own = quiet(name, address)
        found = await outcome(replace(own, urls=("http://127.0.0.1:1", *own.urls)))
    assert found.outcome is not Outcome.UNSENT
    assert len(seen) == 1


# --- a provider is data


def test_no_program_names_a_provider() -> None:
    """Whoever adds one adds two files and no code."""
    stems = {name.removeprefix("smpp-") for name in spec.names(SHIPPED)} - {"generic"}
    names = {*KNOWN["names"], *stems}
    programs = [
        file
        for folder in ("sms_diary", "scripts", "tests")
        for file in (ROOT / folder).rglob("*.py")
        if file.name not in KNOWN["files_of_third_parties"]
    ]
    assert len(programs) > 300
    found = {}
    for file in programs:
        text = file.read_text("utf-8").lower()
        found[file.name] = [name for name in names if name in text]
    assert {name: said for name, said in found.items() if said} == {}

"""The simulator's options: read from a file, JSON, the command line, and all documented."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args

import pytest

from sms_diary.errors import ConfigError
from sms_diary.simulator import Options, options
from sms_diary.simulator.dice import dice
from sms_diary.simulator.reading import options_of, read
from sms_diary.simulator.rules import Rule, first

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
NAMES = [field.name for field in fields(Options)]


def test_the_defaults_are_those_of_a_good_smsc() -> None:
    assert read("") == options_of({}) == Options()


def test_all_doors_read_the_same(tmp_path: Path) -> None:
    names = {"cut": 0.0005, "receipts": ["shuffled", "doubled"], "refuse": ["RMSGQFUL=0.05"]}
    as_json, as_toml = tmp_path / "smsc.json", tmp_path / "smsc.toml"
    as_json.write_text(json.dumps(names))
    as_toml.write_text('cut = 0.0005\nreceipts = "doubled,shuffled"\nrefuse = ["RMSGQFUL=0.05"]\n')
    expected = Options(
        cut=0.0005,
        receipts=frozenset({"shuffled", "doubled"}),
        refuse=(Rule("RMSGQFUL", share=0.05),),
    )
    for written in (json.dumps(names), str(as_json), str(as_toml)):
        assert read(written) == expected


def test_what_is_given_wins_over_the_file() -> None:
    found = read('{"cut": 0.5, "throttle": 0.1}', {"cut": 0.25})
    assert (found.cut, found.throttle) == (0.25, 0.1)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{"cat": 1}', "нет настройки «cat»"),
        ('{"cut": 2}', "«cut»"),
        ('{"receipts": "backwards"}', "«receipts»"),
        ('{"refuse": ["RMSGQFUL"]}', "«refuse»"),
        ('{"refuse": ["SOMETHING=0.5"]}', "«refuse»"),
        ('{"refuse": ["RMSGQFUL=-1"]}', "«refuse»"),
        ('{"outcomes": ["ENROUTE=1"]}', "«outcomes»"),
        ('{"refuse_status": "OK?"}', "«refuse_status»"),
        ('{"cut": ', "с ошибкой"),
        ("/no/such/file.toml", "не читается файл"),
    ],
)
def test_what_is_wrong_is_said_in_russian(written: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read(written)


def test_a_list_is_no_set_of_options(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[]")
    with pytest.raises(ConfigError, match="имена и значения"):
        read(str(path))


def test_the_first_rule_that_concerns_a_number_counts() -> None:
    rules = [Rule.read("A=+79000000001"), Rule.read("B=1"), Rule.read("C=1")]
    chance = dice(1, "test")
    assert first(rules, "79000000001", chance) == "A"
    assert first(rules, "79000000002", chance) == "B"
    assert first(rules[:1], "79000000002", chance) is None
    assert Rule.read(rules[0]) is rules[0]


def test_chance_is_the_same_for_the_same_seed_and_concern() -> None:
    assert dice(1, "a").random() == dice(1, "a").random()
    assert len({dice(seed, concern).random() for seed in (1, 2) for concern in "ab"}) == 4


async def test_the_command_line_offers_the_usual_ones_and_refuses_the_others() -> None:
    async def said(*words: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sms_diary", "simulator", *words),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT,
            env={"COLUMNS": "200", "PYTHONIOENCODING": "utf-8"},
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    (_, helped), (code, refused) = await asyncio.gather(said("--help"), said("--throttle", "7"))
    offered = {word.replace("-", "_") for word in re.findall(r"--([a-z-]+)", helped)}
    ours = {"host", "smpp_port", "web_port", "ledger", "options", "help"}
    ours |= {"provider", "http_port", "secret", "receipts_to", "inbound_to"}
    assert offered - ours <= set(NAMES)
    assert {"cut", "throttle", "receipts", "receipt_ids", "refuse", "outcomes"} <= offered
    assert (code, "«throttle»" in refused, "Traceback" in refused) == (2, True, False)


def test_every_option_is_documented_with_its_default_and_nothing_else_is() -> None:
    rows = {
        name: rest.split(" | ")
        for name, rest in re.findall(r"^\| `([^`]+)` \| (.+) \|$", PAGE, re.M)
    }
    assert rows.keys() == set(NAMES)
    for field in fields(Options):
        default = field.default if field.default is not MISSING else {}
        said, meaning = rows[field.name]
        if default is None:
            assert said == "нет", field.name
        elif default in ({}, frozenset(), ()):
            assert said == "пусто", field.name
        elif isinstance(default, frozenset):
            assert said == f"`{','.join(sorted(default))}`"
        else:
            shown = str(default).lower() if isinstance(default, bool) else str(default)
            assert said == f"`{shown}`", field.name
        assert re.search("[а-яё]{3}", meaning)


def test_every_word_of_an_option_is_documented() -> None:
    for alias in (options.IdForm, options.NoiseKind, options.FormWord):
        for word in get_args(alias):
            assert f"`{word}`" in PAGE

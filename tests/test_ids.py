"""Ids: unique, rising, 63 bits, with the node in them."""

from __future__ import annotations

import time

import pytest

from sms_diary.ids import NODES, Ids


def test_ids_rise_and_fit_a_bigint() -> None:
    made = Ids(1023).many(20_000)
    assert made == sorted(set(made))
    assert 0 < made[0] <= made[-1] < 2**63


def test_processes_with_different_nodes_never_make_the_same_id() -> None:
    first, second = Ids(1), Ids(2)
    assert not set(first.many(10_000)) & set(second.many(10_000))


def test_a_clock_that_steps_back_makes_no_id_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = Ids(1)
    now = time.time_ns()
    moments = iter([now, now - 10**12, now - 10**9, now, now + 10**9])
    monkeypatch.setattr(time, "time_ns", lambda: next(moments))
    made = [ids.new() for _ in range(5)]
    assert made == sorted(set(made))


@pytest.mark.parametrize("node", [-1, NODES])
def test_a_node_out_of_range_is_refused(node: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        Ids(node)

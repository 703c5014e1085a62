"""SMPP 3.4 channel to an operator or aggregator.

A guided tour, outermost first: `channel` implements the contract and joins the rest. Parts out:
`outflow` (the queue, spread by `window` and `pacing`), `submit` and `content` (a part as octets),
`results` and `statuses` (what a refusal means). What comes back: `inflow`, with `receipts` and
`inbound`; `asking` and `query` when it is long in coming; `channels.reporting` folds
news into few commits. The line: `connections` (all of a route), `link` (keeps one up), `session`
(is one), with `requests`, `timers` and `wire` under it, and `intake`, what its PDUs do; `trace`
and `trace_lines` write them down for people. `address`, `settings` and `profile` are values.
Octets are `channels.pdu`'s.
"""

from __future__ import annotations

from sms_diary.channels.smpp.channel import SmppChannel
from sms_diary.channels.smpp.link import State
from sms_diary.channels.smpp.settings import SmppSettings

__all__ = ["SmppChannel", "SmppSettings", "State"]

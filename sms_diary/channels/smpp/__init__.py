"""SMPP 3.4 channel to an operator or aggregator.

A guided tour, outermost first: `channel` implements the contract; `link` keeps a connection
up; `session` is one connection and `intake` what its PDUs do; `window` and `pacing` say how
much may leave; `submit` builds a part; `results`, `receipts`, `inbound`, `joining` read what
comes back; `reporting` folds it into few commits; `address` and `settings` are values. Octets
are `channels.pdu`'s.
"""

from __future__ import annotations

from sms_diary.channels.smpp.channel import SmppChannel
from sms_diary.channels.smpp.link import State
from sms_diary.channels.smpp.settings import SmppSettings

__all__ = ["SmppChannel", "SmppSettings", "State"]

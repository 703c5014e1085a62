"""Channel to a provider over HTTP, whichever: what it does stands in the provider's file.

A guided tour, outermost first: `channel` implements the contract and joins the rest. Parts out:
`outflow` (the queue, batches, pace), `account` (what pauses all of it), `rendering` (a request from
its template), `client` (the wire, and what is sure after it broke), `results` (a reply as results),
with `replies` under it. What comes back: `asking` (polls and look-ups of messages), `rounds`
(queues, lists, the balance), `questions` and `tasks` under both, `callbacks` (what the provider
brings by itself, and whether it is the provider), `news` (their fields). `settings` and `profile`
are values. The file's form is `channels.spec`'s.
"""

from __future__ import annotations

from sms_diary.channels.http.channel import HttpChannel
from sms_diary.channels.http.settings import HttpSettings

__all__ = ["HttpChannel", "HttpSettings"]

"""An SMSC and parents' phones for demo, trial and tests.

It stands on the other side of the wire and shares no code with the SMPP channel: a fake that
shares our codec would hide our mistakes. Only the numbers of the specification are the same, and
they are written down twice (`spec.py`). How badly it behaves is an `Options`; docs/simulator.md
has them all, and each is obeyed beside what it disturbs.

    spec ids     numbers, ids             options rules reading   what it is told to do
    wire         PDUs, strict             dice stats timers       chance, counters, waiting
    connection   the stream               hazards                 what happens to it
    session      one client               accounts admission      who may bind, what is taken
    smsc         the server               ledger                  what was taken
    receipts     who hears what           dialect                 how a receipt is written
    letterbox    parents' SMS             inbound text gsm7       what octets of a message say
    deliveries   the way to a client      feed                    whoever looks on
    phones       what the screens show    views page run          web page and start
"""

from sms_diary.simulator.feed import Event
from sms_diary.simulator.inbound import Inbound
from sms_diary.simulator.ledger import Submitted
from sms_diary.simulator.options import Options
from sms_diary.simulator.run import run, serving_page
from sms_diary.simulator.smsc import Smsc

__all__ = ["Event", "Inbound", "Options", "Smsc", "Submitted", "run", "serving_page"]

"""An SMSC and parents' phones for demo, trial and tests.

It stands on the other side of the wire and shares no code with the SMPP channel: a fake that
shares our codec would hide our mistakes. Only the numbers of the specification are the same, and
they are written down twice (`spec.py`).

    spec     the numbers                       gsm7 text    what octets of a message say
    wire     PDUs, strict                      ledger       what was taken
    session  one connection                    receipts     what is delivered back
    smsc     the server and its rules          phones       what the screens show
    timers feed options                        views page run   web page and start
"""

from sms_diary.simulator.feed import Event
from sms_diary.simulator.ledger import Submitted
from sms_diary.simulator.options import Options
from sms_diary.simulator.receipts import Inbound
from sms_diary.simulator.run import run, serving_page
from sms_diary.simulator.smsc import Smsc

__all__ = ["Event", "Inbound", "Options", "Smsc", "Submitted", "run", "serving_page"]

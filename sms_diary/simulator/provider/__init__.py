"""The other side of a provider's file: whoever speaks to a provider by it is answered by it.

It reads the file by itself, backwards, and shares no code with the channel that reads it forwards:
what one of them takes for granted, the other need not. What it cannot play it refuses at the start.

    definition   a file, and what of it is needed
    gaps         requests taken apart by their templates, texts to be signed put together
    shapes       replies: documents from paths, plain text from patterns
    desk         messages: taken, asked about
    pushes       receipts and parents' SMS on their way to the client, signed
    door         requests, and what goes wrong with them
"""

from sms_diary.simulator.provider.definition import Definition, read
from sms_diary.simulator.provider.door import serving
from sms_diary.simulator.provider.pushes import Pushes
from sms_diary.simulator.provider.shapes import Unplayable

__all__ = ["Definition", "Pushes", "Unplayable", "read", "serving"]

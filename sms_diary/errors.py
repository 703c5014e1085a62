"""Every exception of our own, in one tree.

* SmsDiaryError
  + ConfigError        a setting is missing or wrong; the text says which and what to do
  + KeyMismatch        the key file does not belong to this database
  + DatabaseError
    - DatabaseNewer    the database was made by a newer version of the program
    - DatabaseBusy     another process holds this SQLite database
  + NotYet             what is asked for must wait for something that is about to happen
  + FileProblem        a school's file cannot be read; the text tells the school why
  + PduError           bytes from the wire that are not the SMPP they claim to be
  + ChannelError       a channel cannot start, or cannot send just now

Texts of the errors that people read are Russian: they are shown as they are.
"""

from __future__ import annotations


class SmsDiaryError(Exception):
    """Base of all errors that this program raises on purpose."""


class ConfigError(SmsDiaryError):
    """A setting is missing or wrong."""


class KeyMismatch(SmsDiaryError):
    """The key file does not belong to this database."""


class DatabaseError(SmsDiaryError):
    """The database cannot be used."""


class DatabaseNewer(DatabaseError):
    """The schema was made by a newer version of the program."""


class DatabaseBusy(DatabaseError):
    """Another process serves this SQLite database."""


class NotYet(SmsDiaryError):
    """It must wait; the text says for what."""


class FileProblem(SmsDiaryError):
    """A school's file cannot be read."""


class PduError(SmsDiaryError):
    """Bytes that are not a valid SMPP PDU; `status` is what to answer (SMPP 3.4 §5.1.3)."""

    def __init__(self, text: str, status: int, sequence: int = 0) -> None:
        super().__init__(text)
        self.status = status
        self.sequence = sequence


class ChannelError(SmsDiaryError):
    """A channel cannot start, or cannot send just now."""

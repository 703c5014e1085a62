"""What allowed a message, and what is known of a number's consents, for programs.

Values in, values out. A message's number is masked, in its evidence too; whoever asked by number
has named it, and gets the evidence to the byte, so that anybody can check what a row commits to.
"""

from __future__ import annotations

from typing import Any

from sms_diary import phone
from sms_diary.logs import mask
from sms_diary.reports import words
from sms_diary.reports.evidence import masked
from sms_diary.reports.names import Names, iso
from sms_diary.store.by_number import NumberProof, Standing
from sms_diary.store.entries import Chain, Entry, Kept
from sms_diary.store.proofs import Asked, Message, MessageProof


def of_message(proof: MessageProof, names: Names, *, now: int) -> dict[str, Any]:
    return {
        "made_at": iso(now),
        "proven": not proof.doubts,
        "doubts": [
            {"doubt": doubt, "row": row, "text": words.doubt_ru(doubt, row)}
            for doubt, row in proof.doubts
        ],
        "message": _message(proof.message, names),
        "answers": _asked(proof.asked) if proof.asked else None,
        "entries": [
            entry(one, names) | {"evidence": masked(one.evidence())} for one in proof.entries
        ],
        "chains": [_chain(one, names) for one in proof.chains],
    }


def of_number(proof: NumberProof, names: Names, *, now: int) -> dict[str, Any]:
    return {
        "made_at": iso(now),
        "number": proof.number,
        "state": proof.state,
        "standings": [_standing(one, names) for one in proof.standings],
        "entries": [entry(one, names) | _opening(one) for one in proof.entries],
        "chains": [_chain(one, names) for one in proof.chains],
    }


def _message(message: Message, names: Names) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "school": names.slug(message.school_id),
        "number": phone.mask(message.number),
        "ground": message.ground,
        "ground_ru": words.GROUND_RU[message.ground],
        "state": message.state,
        "state_ru": words.message_state_ru(message),
        "parts": message.parts,
        "created_at": iso(message.created_at),
        "left_at": iso(message.left_at),
        "done_at": iso(message.done_at),
    }


def _asked(asked: Asked) -> dict[str, Any]:
    return {
        "id": str(asked.id),
        "reception": asked.reception,
        "at": iso(asked.at),
        "text": None if asked.text is None else mask(asked.text),
    }


def _standing(one: Standing, names: Names) -> dict[str, Any]:
    return {
        "school": names.slug(one.school_id),
        "pupil": one.pupil,
        "relation": one.relation,
        "topic": one.topic,
        "state": one.state,
        "state_ru": words.STATE_RU[one.state],
        "since": iso(one.since),
        "ledger_id": None if one.ledger_id is None else str(one.ledger_id),
    }


def entry(one: Entry, names: Names) -> dict[str, Any]:
    """A row without its evidence; `hashed` is the text whose SHA-256 is `hash`."""
    link, about = one.link, one.about
    return {
        "ledger_id": str(link.id),
        "school": names.slug(link.school_id),
        "row": link.seq,
        "at": iso(link.at),
        "action": link.action,
        "action_ru": words.ACTION_RU.get(link.action, link.action),
        "scope": link.scope,
        "pupil": about.pupil if about else None,
        "guardian": about.guardian if about else None,
        "relation": about.relation if about else None,
        "actor": link.actor,
        "evidence_state": one.kept,
        "commitment": link.commitment,
        "prev": link.prev,
        "hash": link.hash,
        "hashed": link.hashed(),
    }


def _opening(one: Entry) -> dict[str, Any]:
    """The evidence as a value, and to the byte: SHA-256 of salt and text is the commitment."""
    exact = {"salt": one.salt.hex(), "text": one.proof.decode()}
    return {"evidence": one.evidence(), "opening": exact if one.kept is Kept.KEPT else None}


def _chain(chain: Chain, names: Names) -> dict[str, Any]:
    head, broken = chain.head, chain.broken
    return {
        "school": names.slug(chain.school_id),
        "rows": head.seq if head else 0,
        "hash": head.hash if head else None,
        "whole": broken is None,
        "broken": words.broken_ru(broken) if broken else None,
    }

"""All that is held on a number, for programs. Nothing is masked: who asked has named the number."""

from __future__ import annotations

import base64
from typing import Any

from sms_diary.reports import proof_json
from sms_diary.reports.names import Names, iso
from sms_diary.store.persons.held import Asked, Came, Child, Guardian, Person, Receipt, Sent, Slip


def as_json(person: Person, names: Names, *, now: int) -> dict[str, Any]:
    return {
        "made_at": iso(now),
        "number": person.number,
        "state": person.proof.state,
        "erased": person.erased,
        "guardians": [_guardian(one, names) for one in person.guardians],
        "staff_of": [names.slug(one) for one in person.staff_of],
        "consents": proof_json.of_number(person.proof, names, now=now),
        "requests": [_asked(one, names) for one in person.asked],
        "slips": [_slip(one, names) for one in person.slips],
        "messages": [_sent(one, names) for one in person.sent],
        "inbound": [_came(one) for one in person.came],
    }


def _guardian(one: Guardian, names: Names) -> dict[str, Any]:
    return {
        "school": names.slug(one.school_id),
        "id": str(one.id),
        "full_name": one.full_name,
        "latin": one.latin,
        "since": iso(one.created_at),
        "welcomed_at": iso(one.welcomed_at),
        "children": [_child(child) for child in one.children],
    }


def _child(child: Child) -> dict[str, Any]:
    return {
        "full_name": child.pupil,
        "relation": child.relation,
        "since": iso(child.since),
        "rhythms": dict(child.rhythms),
    }


def _asked(one: Asked, names: Names) -> dict[str, Any]:
    return {
        "school": names.slug(one.school_id),
        "kind": one.kind,
        "state": one.state,
        "created_at": iso(one.created_at),
        "asked_at": iso(one.asked_at),
    }


def _slip(one: Slip, names: Names) -> dict[str, Any]:
    return {
        "school": names.slug(one.school_id),
        "login": one.login,
        "created_at": iso(one.created_at),
        "changed_at": iso(one.changed_at),
    }


def _sent(one: Sent, names: Names) -> dict[str, Any]:
    return {
        "school": names.slug(one.school_id),
        "id": str(one.id),
        "ground": one.ground,
        "state": one.state,
        "text": one.text,
        "parts": one.parts,
        "created_at": iso(one.created_at),
        "done_at": iso(one.done_at),
        "receipts": [_receipt(receipt) for receipt in one.receipts],
    }


def _receipt(one: Receipt) -> dict[str, Any]:
    """`raw`: what the operator sent, to the byte, in base64."""
    raw = base64.b64encode(one.raw).decode() if one.raw else None
    return {"at": iso(one.at), "state": one.state, "error": one.error, "raw": raw}


def _came(one: Came) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "reception": one.reception,
        "text": one.text,
        "meaning": one.meaning,
        "state": one.state,
        "at": iso(one.at),
    }

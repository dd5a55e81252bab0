"""Giving out the evidence of a call: the file, and the leaf that says so, in one transaction."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.privacy.evidence import Evidence, evidence_of, note_given_out
from app.privacy.sheet import pdf
from app.privacy.vcon import vcon
from app.web.local import Local
from app.wiring import Installation
from storage.ledger.log import canonical, leaf_data
from storage.models import Leaf, LeafOpening

PROVEN = ("consent_given", "call_settled", "object_deleted")


@dataclass(frozen=True)
class Giving:
    """Who gives which call's evidence out, and to whom and why."""

    call_id: str
    centre_id: str | None
    person_id: str
    reason: str


def give_pdf(at: Installation, what: Giving, t: Mapping[str, Any], local: Local) -> bytes:
    """The sheet in one language. Raises as `evidence_of` and `note_given_out`."""
    with at.database.begin() as session:
        of = evidence_of(session, what.call_id, what.centre_id)
        now = at.clock.now()
        made = pdf(of, t, local, now, at.ledger.checkpoint(session, given=True).note)
        note_given_out(session, of.call.id, "pdf", _sha256(made), what.person_id, what.reason, now)
    return made


def give_vcon(at: Installation, what: Giving) -> bytes:
    """The vCon, signed. Raises as `evidence_of` and `note_given_out`."""
    with at.database.begin() as session:
        of = evidence_of(session, what.call_id, what.centre_id)
        now = at.clock.now()
        content = vcon(of, at.site.base_url, _proofs(session, at, of), now)
        made = json.dumps(at.seal.sign(content, content["uuid"])).encode()
        note_given_out(session, of.call.id, "vcon", _sha256(made), what.person_id, what.reason, now)
    return made


def _proofs(session: Session, at: Installation, of: Evidence) -> dict[str, dict[str, str]]:
    found = {}
    for told in of.leaves:
        if told.kind not in PROVEN or told.position is None:
            continue
        leaf, opening = session.execute(
            sa.select(Leaf, LeafOpening)
            .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
            .where(Leaf.position == told.position)
        ).one()
        found[told.kind] = {
            "leaf": leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment).decode(),
            "facts": canonical(opening.facts).decode(),
            "salt": opening.salt,
            "proof": at.ledger.proof(session, told.position),
            "vkey": at.ledger.verifier(),
        }
    return found


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

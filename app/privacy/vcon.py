"""A call as a vCon, the open container for conversations (draft-ietf-vcon-vcon-core-04, form `0.4.0`). Pure.

The media is not in it: it is named by its address and its hash. What it was recorded on is the lawful-basis attachment
(draft-howe-vcon-lawful-basis-00), with the ledger's own proof. That draft names attachments by `type`, the core draft
since then by `purpose`: it has both.
"""

import base64
import hashlib
import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from app.privacy.evidence import Evidence, Media
from storage.models import RecordingPause

CALLER, CENTRE = 0, 1
# How the core draft calls the end of a conversation of which nothing was recorded.
DISPOSITIONS = {"declined_hangup": "hung-up", "declined_key": "hung-up"}


def vcon(of: Evidence, base_url: str, proofs: Mapping[str, Mapping[str, str]], now: datetime) -> dict[str, Any]:
    """The unsigned vCon.

    Args:
        of: the call.
        base_url: our public address.
        proofs: by kind of leaf: `leaf`, `facts`, `salt` and `proof`, as in a receipt's bundle.
        now: the present.
    """
    call = of.call
    parties: list[dict[str, Any]] = [
        {"type": "person", **({"tel": call.from_number} if call.from_number else {"name": "anonymous"})},
        {"type": "organization", "tel": call.line.number, "org": call.line.centre.name},
    ]
    dialog = [_dialog(of, each, base_url) for each in of.media if each.kept is not None] or [_nothing(of)]
    attachments = [_basis(of, proofs)]
    if call.notice_version is not None:
        attachments.append(
            _attached(
                "notice",
                call.notice_started_at or call.ringing_at,
                CENTRE,
                {"mediatype": "text/plain", "encoding": "none", "body": call.notice_version.text},
            )
        )
    attachments += [
        _attached("recording_pauses", each.pauses[0].asked_at, CENTRE, _json([_pause(row) for row in each.pauses]))
        for each in of.media
        if each.pauses
    ]
    attachments += [
        _attached("deletion_receipt", each.receipt.deleted_at, CENTRE, _json(each.receipt.content))
        for each in of.media
        if each.receipt is not None
    ]
    return {
        "vcon": "0.4.0",
        "uuid": vcon_uuid(base_url, now),
        "created_at": _rfc3339(now),
        "extensions": ["lawful_basis"],
        "parties": parties,
        "dialog": dialog,
        "attachments": attachments,
    }


def vcon_uuid(host: str, now: datetime) -> str:
    """A version 8 UUID as the core draft recommends: milliseconds, chance, and a hash of whose it is."""
    milliseconds = int(now.timestamp() * 1000) & (2**48 - 1)
    digest = hashlib.sha1(host.encode(), usedforsecurity=False).digest()
    whose = int.from_bytes(digest[:8], "big") >> 2
    return str(uuid.UUID(int=milliseconds << 80 | 0x8 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | whose))


def _dialog(of: Evidence, each: Media, base_url: str) -> dict[str, Any]:
    row, kept = each.recording, each.kept
    found: dict[str, Any] = {
        "type": "recording",
        "start": _rfc3339(row.started_at or of.call.ringing_at),
        "parties": [CALLER, CENTRE],
    }
    if row.duration_s is not None:
        found["duration"] = row.duration_s
    if kept is not None and kept.sha256:
        digest = base64.urlsafe_b64encode(bytes.fromhex(kept.sha256)).rstrip(b"=").decode()
        found |= {
            "mediatype": kept.content_type,
            "url": f"{base_url}/recordings/{kept.id}/audio.wav",
            "content_hash": f"sha256-{digest}",
        }
    return found


def _pause(row: RecordingPause) -> dict[str, Any]:
    """A pause: silent for certain from `paused_at` to `silent_until`; null where the carrier never confirmed it."""
    confirmed = row.paused_at is not None
    return {
        "recording": row.recording_sid,
        "state": row.state,
        "asked_at": _rfc3339(row.asked_at),
        "paused_at": _rfc3339(row.paused_at) if row.paused_at is not None else None,
        "silent_until": _rfc3339(row.silent_until) if confirmed and row.silent_until is not None else None,
    }


def _nothing(of: Evidence) -> dict[str, Any]:
    return {
        "type": "incomplete",
        "start": _rfc3339(of.call.ringing_at),
        "parties": [CALLER, CENTRE],
        "disposition": DISPOSITIONS.get(of.call.outcome or "", "failed"),
    }


def _basis(of: Evidence, proofs: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    call, consent = of.call, of.consent
    granted = consent is not None and consent.state == "given"
    at = consent.given_at if consent is not None else call.settled_at or call.ended_at or call.ringing_at
    ends = [each.kept.delete_after for each in of.media if each.kept is not None and each.kept.delete_after is not None]
    body: dict[str, Any] = {
        "lawful_basis": "consent",
        "expiration": _rfc3339(max(ends)) if granted and ends else None,
        "purpose_grants": [
            {"purpose": purpose, "granted": granted, "granted_at": _rfc3339(at)}
            for purpose in ("recording", *(consent.purposes if consent is not None else ()))
        ],
        "proof_mechanisms": [
            {"proof_type": "external_system", "timestamp": _rfc3339(at), "proof_data": {"kind": kind, **proof}}
            for kind, proof in proofs.items()
        ],
        "metadata": {"outcome": call.outcome, "mode": call.mode},
    }
    if consent is not None:
        body["metadata"] |= {
            "controller": consent.controller,
            "jurisdiction": consent.jurisdiction,
            "expressed_by": consent.expressed_by,
            "language": consent.language,
            "text_sha256": consent.text_sha256,
            "audio_sha256": consent.audio_sha256,
            "notice_started_at": _rfc3339(consent.notice_started_at),
            "notice_ended_at": _rfc3339(consent.notice_ended_at),
            "withdrawal": consent.withdrawal,
        }
    return {"type": "lawful_basis"} | _attached("lawful_basis", at, CALLER, _json(body))


def _attached(purpose: str, start: datetime, party: int, content: dict[str, Any]) -> dict[str, Any]:
    return {"purpose": purpose, "start": _rfc3339(start), "party": party, "dialog": 0, **content}


def _json(body: object) -> dict[str, Any]:
    return {"mediatype": "application/json", "encoding": "json", "body": body}


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

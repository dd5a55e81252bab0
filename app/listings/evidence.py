"""The evidence of a call for programs: what its sheet says, field by field."""

from app.listings.listing import Told, utc
from app.privacy.evidence import Evidence, Media, masked


def evidence_told(of: Evidence) -> Told:
    """All of the sheet. The caller's number as on the sheet: enough to know one's own."""
    call, version, consent = of.call, of.call.notice_version, of.consent
    return {
        "call_sid": call.call_sid,
        "line": f"{call.line.centre.code}/{call.line.code}",
        "line_number": call.line.number,
        "rang_at": utc(call.ringing_at),
        "ended_at": utc(call.ended_at),
        "outcome": call.outcome,
        "caller": masked(call.from_number) if call.from_number else None,
        "notice": None
        if version is None
        else {
            "version": version.version,
            "language": version.language,
            "placeholder": version.placeholder,
            "started_at": utc(call.notice_started_at),
            "ended_at": utc(call.notice_ended_at),
            "text": version.text,
            "text_sha256": version.text_sha256,
            "audio_sha256": version.audio_sha256,
        },
        "consent": None
        if consent is None
        else {
            "state": consent.state,
            "expressed_by": consent.expressed_by,
            "given_at": utc(consent.given_at),
            "controller": consent.controller,
            "purposes": list(consent.purposes),
        },
        "recordings": [_media(each) for each in of.media],
        "steps": [
            {"kind": each.kind, "issued_at": utc(each.issued_at), "used_at": utc(each.used_at)} for each in of.steps
        ],
        "leaves": [{"kind": each.kind, "at": utc(each.at), "leaf": each.position} for each in of.leaves],
    }


def _media(each: Media) -> Told:
    row, kept, receipt = each.recording, each.kept, each.receipt
    return {
        "recording_sid": row.recording_sid,
        "started_at": utc(row.started_at),
        "duration_s": row.duration_s,
        "object_id": kept.id if kept is not None else None,
        "state": kept.state if kept is not None else None,
        "sha256": kept.sha256 if kept is not None else None,
        "pauses": [
            {
                "state": pause.state,
                "asked_at": utc(pause.asked_at),
                "paused_at": utc(pause.paused_at),
                "silent_until": utc(pause.silent_until) if pause.paused_at is not None else None,
            }
            for pause in each.pauses
        ],
        "purposes": [
            {"purpose": purpose.purpose, "until": utc(purpose.until)}
            for purpose in (kept.purposes if kept is not None and receipt is None else [])
        ],
        "held": kept is not None and kept.holds > 0,
        "deleted_at": utc(receipt.deleted_at) if receipt is not None else None,
    }

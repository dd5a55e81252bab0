"""The evidence of a call as a sheet in one language: the same on the page and in the PDF."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

import typst

from app.privacy.evidence import Evidence, Media, masked
from app.web.local import Local
from config.settings import UNNAMED


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it, as pairs of words."""

    heading: str
    rows: list[tuple[str, str]]


def sheet(of: Evidence, t: Mapping[str, Any], local: Local) -> list[Section]:
    """The whole sheet, in the words of a catalogue and the conventions of its language; times are the centre's."""
    zone = ZoneInfo(of.call.line.centre.timezone)

    def at(moment: datetime | None) -> str:
        return local.second(moment, zone) if moment is not None else "–"

    sections = [Section(t["sheet_call"], _call(of, t, at)), Section(t["sheet_told"], _told(of, t, at))]
    sections += [Section(t["sheet_recording"], _media(each, t, local, at)) for each in of.media]
    if not of.media:
        sections.append(Section(t["sheet_recording"], [(t["sheet_state"], t["sheet_nothing_kept"])]))
    steps = [
        (at(step.issued_at), f"{t['step_' + step.kind]}: {t['sheet_answered']} {at(step.used_at)}") for step in of.steps
    ]
    sections.append(Section(t["sheet_steps"], steps))
    leaves = []
    for leaf in of.leaves:
        place = "–" if leaf.position is None else leaf.position
        told = t["leaf_" + leaf.kind] if f"leaf_{leaf.kind}" in t else leaf.kind
        leaves.append((at(leaf.at), f"{told}, {t['sheet_place']} {place}"))
    sections.append(Section(t["sheet_ledger"], leaves))
    return sections


def pdf(of: Evidence, t: Mapping[str, Any], local: Local, made_at: datetime, checkpoint: str) -> bytes:
    """The sheet as a PDF of A4 pages, with a checkpoint of the ledger; its fonts come with typst."""
    zone = ZoneInfo(of.call.line.centre.timezone)
    told = {
        "language": local.language,
        "title": t["sheet_title"],
        "subtitle": f"{of.call.line.centre.name}, {of.call.line.code} · {of.call.id}",
        "sections": [{"heading": each.heading, "rows": each.rows} for each in sheet(of, t, local)],
        "made": f"{t['sheet_made']} {local.second(made_at, zone)} ({zone.key})",
        "checkpoint_heading": t["sheet_checkpoint"],
        "checkpoint": checkpoint,
    }
    source = resources.files("app").joinpath("templates", "officer", "evidence.typ").read_bytes()
    made = typst.compile(
        source,
        format="pdf",
        sys_inputs={"data": json.dumps(told, ensure_ascii=False)},
        ignore_system_fonts=True,
        timestamp=int(made_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no single PDF")
    return made


def _call(of: Evidence, t: Mapping[str, Any], at: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - a function
    call = of.call
    rows = [
        (t["sheet_id"], call.id),
        (t["line"], f"{call.line.centre.name}, {call.line.code} ({call.line.number})"),
        (t["sheet_rang"], at(call.ringing_at)),
        (t["sheet_ended"], at(call.ended_at)),
        (t["sheet_outcome"], t["outcome_" + (call.outcome or "open")]),
    ]
    if call.from_number:
        rows.append((t["sheet_caller"], masked(call.from_number)))
    return rows


def _told(of: Evidence, t: Mapping[str, Any], at: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    call, consent, version = of.call, of.consent, of.call.notice_version
    if version is None:
        return [(t["notice_version"], t["sheet_no_notice"])]
    mark = f" ({t['placeholder']})" if version.placeholder else ""
    rows = [
        (t["notice_version"], version.version + mark),
        (t["notice_language"], t["lang_" + version.language]),
        (t["heard"], f"{at(call.notice_started_at)} – {at(call.notice_ended_at)}"),
        (t["sheet_text"], version.text),
        (t["sheet_text_hash"], version.text_sha256),
        (t["sheet_audio_hash"], version.audio_sha256),
    ]
    if consent is None:
        return [*rows, (t["consent"], t["sheet_no_consent"])]
    void = f" ({t['sheet_void']})" if consent.state == "void" else ""
    return [
        *rows,
        (t["consent"], t["consent_" + consent.expressed_by] + void),
        (t["sheet_given_at"], at(consent.given_at)),
        (t["sheet_controller"], t["unnamed_controller"] if consent.controller == UNNAMED else consent.controller),
        (t["sheet_purposes"], ", ".join(t["policy_for_" + purpose] for purpose in consent.purposes)),
    ]


def _media(each: Media, t: Mapping[str, Any], local: Local, at: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    row, kept, receipt = each.recording, each.kept, each.receipt
    rows = [(t["recorded_at"], at(row.started_at))]
    if row.duration_s is not None:
        rows.append((t["length"], local.length(row.duration_s)))
    for pause in each.pauses:
        if pause.paused_at is not None:
            rows.append((t["sheet_paused"], f"{at(pause.paused_at)} – {at(pause.silent_until)}"))
        else:
            rows.append((t["sheet_not_paused"], at(pause.asked_at)))
    if kept is None:
        return [*rows, (t["sheet_state"], t["sheet_nothing_kept"])]
    rows += [(t["sheet_state"], t["object_" + kept.state]), (t["hold_object"], kept.id)]
    if kept.sha256:
        rows.append((t["sheet_content_hash"], kept.sha256))
    if receipt is not None:
        return [*rows, (t["receipt_deleted"], at(receipt.deleted_at))]
    rows += [
        (f"{t['kept_until']}: {t['policy_for_' + purpose.purpose]}", at(purpose.until)) for purpose in kept.purposes
    ]
    if kept.holds:
        rows.append((t["sheet_held"], local.number(kept.holds)))
    return rows

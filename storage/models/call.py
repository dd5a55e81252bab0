"""A call and what belongs to it. The only rows that can hold a caller's number, and only of one who agreed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.centre import Line
from storage.models.columns import At, Id, Sha256
from storage.models.notice import NoticeVersion


class Call(Base):
    """One inbound call, from its first request to its outcome."""

    __tablename__ = "call"
    __table_args__ = (
        sa.Index(None, "next_look_at"),
        sa.Index(None, "delete_after"),
        sa.Index(None, "ringing_at"),
        sa.Index(None, "line_id", "ringing_at"),
        sa.Index(None, "line_id", "outcome", "ringing_at"),
        sa.Index(
            "ix_call_caller",
            "from_number",
            "ringing_at",
            sqlite_where=sa.text("from_number IS NOT NULL"),
            postgresql_where=sa.text("from_number IS NOT NULL"),
        ),
        sa.Index(
            "ix_call_scored",
            "line_id",
            "ringing_at",
            "id",
            "score",
            sqlite_where=sa.text("score IS NOT NULL"),
            postgresql_where=sa.text("score IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    call_sid: Mapped[str] = mapped_column(sa.String(64), unique=True, comment="the carrier's id of the caller's leg")
    account_sid: Mapped[str] = mapped_column(sa.String(64), comment="which carrier account it came through")
    line_id: Mapped[str] = mapped_column(sa.ForeignKey("line.id"))
    mode: Mapped[str] = mapped_column(sa.String(8), comment="the line's mode when it rang")
    languages: Mapped[list[str]] = mapped_column(sa.JSON, comment="the line's languages when it rang")
    language: Mapped[str | None] = mapped_column(sa.String(2), comment="null until chosen")
    from_number: Mapped[str | None] = mapped_column(
        sa.String(16), comment="written only with consent; erased when the outcome is anything but recorded"
    )
    ringing_at: Mapped[At]
    first_answer: Mapped[str] = mapped_column(sa.Text, comment="the TwiML given first; a repeat gets it word for word")
    notice_version_id: Mapped[str | None] = mapped_column(sa.ForeignKey("notice_version.id"))
    notice_started_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when its last playing was handed out")
    notice_ended_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when the request that proves it came")
    notice_repeats: Mapped[int] = mapped_column(default=0, comment="how often the notice had to begin again")
    agreed_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when the recording verb was handed out")
    declined_key: Mapped[bool] = mapped_column(default=False, comment="the caller pressed the key to decline")
    unrecorded_reason: Mapped[str | None] = mapped_column(sa.String(24), comment="why the call went on unrecorded")
    dial_status: Mapped[str | None] = mapped_column(sa.String(16), comment="how the forwarded leg ended")
    ended_at: Mapped[datetime | None] = mapped_column(Moment())
    carrier_status: Mapped[str | None] = mapped_column(sa.String(16), comment="the carrier's word for how it ended")
    play_failed: Mapped[bool | None] = mapped_column(comment="by the carrier's notifications; null: not yet read")
    looks: Mapped[int] = mapped_column(default=0, comment="how often the carrier was asked after the end")
    media_to_come: Mapped[bool] = mapped_column(default=False, comment="at the last look a recording was unfinished")
    next_look_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when the carrier is asked again; null: done"
    )
    outcome: Mapped[str | None] = mapped_column(sa.String(16), comment="null until settled")
    settled_at: Mapped[datetime | None] = mapped_column(Moment())
    score: Mapped[int | None] = mapped_column(comment="percent, of the review that was submitted last; null: none")
    delete_after: Mapped[At] = mapped_column(comment="purpose evidence: when this row and its kin go")

    line: Mapped[Line] = relationship(lazy="joined")
    notice_version: Mapped[NoticeVersion | None] = relationship(lazy="joined")


class CallStep(Base):
    """A document that was handed out and waits for its one request. Its token is what proves the order (I1)."""

    __tablename__ = "call_step"

    id: Mapped[Id]
    call_id: Mapped[str] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(8), comment="menu, notice or dialled")
    token: Mapped[str] = mapped_column(sa.String(32), unique=True, comment="one use; stands in the URL of the request")
    issued_at: Mapped[At]
    audio_ms: Mapped[int] = mapped_column(default=0, comment="length of what plays before the request can come")
    pause_ms: Mapped[int] = mapped_column(default=0, comment="the pause, or the wait for a key, behind it")
    used_at: Mapped[datetime | None] = mapped_column(Moment())
    arm: Mapped[str | None] = mapped_column(sa.String(4), comment="end: it ran out; key: a key was pressed")
    digits: Mapped[str | None] = mapped_column(sa.String(4), comment="the key, where one was pressed")
    timing: Mapped[str | None] = mapped_column(sa.String(5), comment="early, right or late")
    answer: Mapped[str | None] = mapped_column(sa.Text, comment="the TwiML given; a repeat gets it word for word")


class ConsentRecord(Base):
    """Who was told what, when, and how they agreed. Fields after ISO/IEC TS 27560:2023."""

    __tablename__ = "consent_record"
    __table_args__ = (sa.Index(None, "delete_after"),)

    id: Mapped[Id]
    schema_version: Mapped[str] = mapped_column(sa.String(16), comment="version of these fields")
    call_id: Mapped[str] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"), unique=True)
    notice_version_id: Mapped[str] = mapped_column(sa.ForeignKey("notice_version.id"))
    language: Mapped[str] = mapped_column(sa.String(2))
    text_sha256: Mapped[Sha256]
    audio_sha256: Mapped[Sha256]
    notice_started_at: Mapped[At]
    notice_ended_at: Mapped[At]
    expressed_by: Mapped[str] = mapped_column(sa.String(12), comment="stayed or pressed_1")
    step_token: Mapped[str] = mapped_column(sa.String(32), comment="the one-use token whose request proves the end")
    state: Mapped[str] = mapped_column(sa.String(12), comment="given, or void when the notice turns out unproven")
    given_at: Mapped[At]
    controller: Mapped[str] = mapped_column(sa.String(200))
    jurisdiction: Mapped[str] = mapped_column(sa.String(2))
    purposes: Mapped[list[str]] = mapped_column(sa.JSON)
    data_categories: Mapped[list[str]] = mapped_column(sa.JSON)
    storage: Mapped[dict[str, Any]] = mapped_column(sa.JSON, comment="place, and window per purpose")
    recipients: Mapped[list[str]] = mapped_column(sa.JSON)
    withdrawal: Mapped[str] = mapped_column(sa.String(200), comment="how to withdraw")
    carrier_report: Mapped[dict[str, Any] | None] = mapped_column(
        sa.JSON, comment="what the carrier said after the call"
    )
    delete_after: Mapped[At]


class Recording(Base):
    """A recording at the carrier, on its way to being an object, or to being nothing."""

    __tablename__ = "recording"
    __table_args__ = (sa.Index(None, "state", "next_attempt_at"), sa.Index(None, "carrier_copy", "next_removal_at"))

    id: Mapped[Id]
    recording_sid: Mapped[str] = mapped_column(sa.String(64), unique=True)
    call_id: Mapped[str] = mapped_column(sa.ForeignKey("call.id"), index=True)
    state: Mapped[str] = mapped_column(sa.String(9), comment="pending fetching stored refused absent")
    found_by: Mapped[str] = mapped_column(sa.String(10), comment="callback or reconciler")
    channels: Mapped[int | None]
    duration_s: Mapped[float | None]
    started_at: Mapped[datetime | None] = mapped_column(Moment())
    object_id: Mapped[str | None] = mapped_column(sa.ForeignKey("stored_object.id"), unique=True)
    carrier_copy: Mapped[str] = mapped_column(sa.String(7), comment="present or deleted (asked, not assumed)")
    first_seen_at: Mapped[At]
    attempts: Mapped[int] = mapped_column(default=0, comment="fetches begun")
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when to fetch (again); a claim's lease too"
    )
    next_removal_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when to ask for removal (again)")
    last_error: Mapped[str | None] = mapped_column(sa.Text, comment="why the last try failed, in words")

    call: Mapped[Call] = relationship(lazy="joined")


class CarrierEvent(Base):
    """A callback that was taken in, once per thing and status."""

    __tablename__ = "carrier_event"
    __table_args__ = (sa.UniqueConstraint("subject_sid", "status"),)

    id: Mapped[Id]
    call_id: Mapped[str] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"), index=True)
    subject_sid: Mapped[str] = mapped_column(sa.String(64), comment="of a recording or of the call")
    status: Mapped[str] = mapped_column(sa.String(16))
    received_at: Mapped[At]
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON, comment="what it said, without numbers or names")

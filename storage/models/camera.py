"""Cameras, and what was recorded of them second by second: by segment, or as a gap with its reason."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storage.database import Base, Moment
from storage.models.centre import Centre
from storage.models.columns import At, Id


class Zone(Base):
    """A part of a centre that one sign stands for."""

    __tablename__ = "zone"
    __table_args__ = (sa.UniqueConstraint("centre_id", "code"),)

    id: Mapped[Id]
    centre_id: Mapped[str] = mapped_column(sa.ForeignKey("centre.id"), comment="where it is")
    code: Mapped[str] = mapped_column(sa.String(32), comment="short name, unique within the centre")
    name: Mapped[str] = mapped_column(sa.String(200), comment="what people call it")
    created_at: Mapped[At]

    centre: Mapped[Centre] = relationship(lazy="joined")


class Camera(Base):
    """Where a stream comes from. Its address never holds a password."""

    __tablename__ = "camera"
    __table_args__ = (sa.UniqueConstraint("centre_id", "code"),)

    id: Mapped[Id]
    centre_id: Mapped[str] = mapped_column(sa.ForeignKey("centre.id"), comment="its zone's")
    zone_id: Mapped[str] = mapped_column(sa.ForeignKey("zone.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(32), comment="short name, unique within the centre")
    address: Mapped[str] = mapped_column(sa.String(500), comment="rtsp, http, https or file URL, without credentials")
    credentials: Mapped[bytes | None] = mapped_column(
        sa.LargeBinary, comment="user name and password, sealed for this row; null: none are needed"
    )
    created_at: Mapped[At]
    off_at: Mapped[datetime | None] = mapped_column(Moment(), comment="since when it is switched off; null: it is on")

    centre: Mapped[Centre] = relationship(lazy="joined")
    zone: Mapped[Zone] = relationship(lazy="joined")


class RecorderSeen(Base):
    """A recorder that lives, as it said last. One that ends orderly takes its row along."""

    __tablename__ = "recorder_seen"

    id: Mapped[Id] = mapped_column(comment="its spool's identity")
    name: Mapped[str] = mapped_column(sa.String(100), comment="what people call it")
    seen_at: Mapped[At]
    spool_bytes: Mapped[int] = mapped_column(sa.BigInteger, comment="media that waits in its spool")
    full_in_s: Mapped[int | None] = mapped_column(
        comment="seconds until its spool is full at the present rate; null: nothing waits"
    )


class CameraLease(Base):
    """Who records a camera. Its number counts up with every claim; of what two recorded, the higher one's counts."""

    __tablename__ = "camera_lease"

    camera_id: Mapped[str] = mapped_column(sa.ForeignKey("camera.id"), primary_key=True)
    number: Mapped[int]
    holder: Mapped[str] = mapped_column(sa.String(32), comment="the identity of a recorder's spool")
    claimed_at: Mapped[At]
    until: Mapped[At] = mapped_column(comment="from then on another recorder may claim it; put off while it is held")


class RecordingRun(Base):
    """A stretch in which a camera's stream did not break off: one timeline, from its first key frame on."""

    __tablename__ = "recording_run"
    __table_args__ = (sa.Index(None, "camera_id", "began_at"),)

    id: Mapped[Id]
    camera_id: Mapped[str] = mapped_column(sa.ForeignKey("camera.id"))
    began_at: Mapped[At] = mapped_column(comment="when its media time is zero; never before what came before it ended")
    clock_said: Mapped[At] = mapped_column(comment="what the machine's clock said then: earlier if it was set back")
    codec: Mapped[str] = mapped_column(sa.String(8), comment="h264 or hevc, as the camera sends it")
    width: Mapped[int] = mapped_column(comment="pixels")
    height: Mapped[int] = mapped_column(comment="pixels")
    timescale: Mapped[int] = mapped_column(comment="ticks of media time in a second")
    lease: Mapped[int] = mapped_column(server_default="0", comment="number of the lease under which it was recorded")


class Segment(Base):
    """What is known of a segment without reading it: enough for a timeline and a playlist.

    Its fragments are what counts: behind or in front of them its object may hold others, whose time another recorder's
    segment has, and which are never shown.
    """

    __tablename__ = "segment"
    __table_args__ = (sa.Index(None, "camera_id", "began_at"), sa.UniqueConstraint("run_id", "number"))

    id: Mapped[Id]
    camera_id: Mapped[str] = mapped_column(sa.ForeignKey("camera.id"))
    run_id: Mapped[str] = mapped_column(sa.ForeignKey("recording_run.id"))
    number: Mapped[int] = mapped_column(comment="its place in the run, from 0")
    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), unique=True)
    began_at: Mapped[At] = mapped_column(comment="where the one before it in the run ended")
    ended_at: Mapped[At]
    media_begin: Mapped[int] = mapped_column(sa.BigInteger, comment="decode time of its first packet, in ticks")
    media_end: Mapped[int] = mapped_column(sa.BigInteger, comment="where its last packet ends, in ticks")
    packets: Mapped[int]
    init_bytes: Mapped[int] = mapped_column(comment="length of what a player needs first (ftyp and moov)")
    fragments: Mapped[list[Any]] = mapped_column(
        sa.JSON, comment="each as [offset, bytes, begin and length in ticks, packets, 1 if a key frame is first]"
    )


class Gap(Base):
    """A stretch of which nothing was recorded, though the camera was to be: from where to where, and why."""

    __tablename__ = "gap"
    __table_args__ = (
        sa.Index(None, "camera_id", "started_at"),
        sa.Index(
            "ix_gap_lasting",
            "camera_id",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    camera_id: Mapped[str] = mapped_column(sa.ForeignKey("camera.id"))
    started_at: Mapped[At] = mapped_column(comment="where the last segment ended")
    ended_at: Mapped[datetime | None] = mapped_column(Moment(), comment="where the next run begins; null: it lasts")
    reason: Mapped[str] = mapped_column(sa.String(24), comment="one of video.gaps.Reason")
    lease: Mapped[int] = mapped_column(server_default="0", comment="number of the lease of whoever said so")

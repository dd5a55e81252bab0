"""Cameras, zones, and what was recorded of them: runs, segments, gaps.

Revision ID: 0017
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NETWORKS = "networks (CIDR) that its cameras' addresses must lie in; null: none"


def upgrade() -> None:
    op.add_column("centre", sa.Column("camera_networks", sa.JSON, nullable=True, comment=NETWORKS))
    op.create_table(
        "zone",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("centre_id", sa.String(32), sa.ForeignKey("centre.id"), nullable=False, comment="where it is"),
        sa.Column("code", sa.String(32), nullable=False, comment="short name, unique within the centre"),
        sa.Column("name", sa.String(200), nullable=False, comment="what people call it"),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("centre_id", "code"),
    )
    op.create_table(
        "camera",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("centre_id", sa.String(32), sa.ForeignKey("centre.id"), nullable=False, comment="its zone's"),
        sa.Column("zone_id", sa.String(32), sa.ForeignKey("zone.id"), nullable=False),
        sa.Column("code", sa.String(32), nullable=False, comment="short name, unique within the centre"),
        sa.Column(
            "address", sa.String(500), nullable=False, comment="rtsp, http, https or file URL, without credentials"
        ),
        sa.Column(
            "credentials",
            sa.LargeBinary,
            nullable=True,
            comment="user name and password, sealed for this row; null: none are needed",
        ),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("centre_id", "code"),
    )
    op.create_index("ix_camera_zone_id", "camera", ["zone_id"])
    op.create_table(
        "recording_run",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("camera_id", sa.String(32), sa.ForeignKey("camera.id"), nullable=False),
        sa.Column(
            "began_at",
            MOMENT,
            nullable=False,
            comment="when its media time is zero; never before what came before it ended",
        ),
        sa.Column(
            "clock_said",
            MOMENT,
            nullable=False,
            comment="what the machine's clock said then: earlier if it was set back",
        ),
        sa.Column("codec", sa.String(8), nullable=False, comment="h264 or hevc, as the camera sends it"),
        sa.Column("width", sa.Integer, nullable=False, comment="pixels"),
        sa.Column("height", sa.Integer, nullable=False, comment="pixels"),
        sa.Column("timescale", sa.Integer, nullable=False, comment="ticks of media time in a second"),
    )
    op.create_index("ix_recording_run_camera_id_began_at", "recording_run", ["camera_id", "began_at"])
    op.create_table(
        "segment",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("camera_id", sa.String(32), sa.ForeignKey("camera.id"), nullable=False),
        sa.Column("run_id", sa.String(32), sa.ForeignKey("recording_run.id"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, comment="its place in the run, from 0"),
        sa.Column("object_id", sa.String(32), sa.ForeignKey("stored_object.id"), unique=True, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False, comment="where the one before it in the run ended"),
        sa.Column("ended_at", MOMENT, nullable=False),
        sa.Column("media_begin", sa.BigInteger, nullable=False, comment="decode time of its first packet, in ticks"),
        sa.Column("media_end", sa.BigInteger, nullable=False, comment="where its last packet ends, in ticks"),
        sa.Column("packets", sa.Integer, nullable=False),
        sa.Column(
            "init_bytes", sa.Integer, nullable=False, comment="length of what a player needs first (ftyp and moov)"
        ),
        sa.Column(
            "fragments",
            sa.JSON,
            nullable=False,
            comment="each as [offset, bytes, begin and length in ticks, packets, 1 if a key frame is first]",
        ),
        sa.UniqueConstraint("run_id", "number"),
    )
    op.create_index("ix_segment_camera_id_began_at", "segment", ["camera_id", "began_at"])
    op.create_table(
        "gap",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("camera_id", sa.String(32), sa.ForeignKey("camera.id"), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False, comment="where the last segment ended"),
        sa.Column("ended_at", MOMENT, nullable=True, comment="where the next run begins; null: it lasts"),
        sa.Column("reason", sa.String(24), nullable=False, comment="one of video.gaps.Reason"),
    )
    op.create_index("ix_gap_camera_id_started_at", "gap", ["camera_id", "started_at"])


def downgrade() -> None:
    for table in ("gap", "segment", "recording_run", "camera", "zone"):
        op.drop_table(table)
    op.drop_column("centre", "camera_networks")

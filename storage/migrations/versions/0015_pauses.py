"""Pauses of a call's recording.

Revision ID: 0015
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "recording_pause",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("call_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False, comment="counts up within the call"),
        sa.Column("recording_sid", sa.String(64), nullable=False, comment="the carrier's id of what is paused"),
        sa.Column(
            "state", sa.String(11), nullable=False, comment="asked paused resuming resumed ended refused unconfirmed"
        ),
        sa.Column("asked_by", sa.String(32), nullable=False, comment="id of a person, or operator"),
        sa.Column(
            "token_id",
            sa.String(32),
            nullable=True,
            comment="of the token by which they asked; null: at the machine itself",
        ),
        sa.Column("asked_at", MOMENT, nullable=False, comment="before the carrier was asked"),
        sa.Column("paused_at", MOMENT, nullable=True, comment="when the carrier confirmed it; null: never"),
        sa.Column("resume_asked_by", sa.String(32), nullable=True, comment="id of a person, or operator"),
        sa.Column("resume_asked_at", MOMENT, nullable=True, comment="before the carrier was asked to go on"),
        sa.Column("resumed_at", MOMENT, nullable=True, comment="when the carrier confirmed that; null: never"),
        sa.Column("ended_at", MOMENT, nullable=True, comment="when nothing more can become of it"),
        sa.Column("attempts", sa.Integer, nullable=False, comment="how often somebody began to ask the carrier"),
        sa.Column("under_way", sa.Integer, nullable=False, comment="requests to the carrier that have not come back"),
        sa.Column(
            "asking_until",
            MOMENT,
            nullable=True,
            comment="a request to the carrier may be under way until then; null: none is",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recording_pause"),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name="fk_recording_pause_call_id_call", ondelete="CASCADE"),
        sa.UniqueConstraint("call_id", "number", name="uq_recording_pause_call_id_number"),
    )


def downgrade() -> None:
    op.drop_table("recording_pause")

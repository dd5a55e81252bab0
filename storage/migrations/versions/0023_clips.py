"""Clips, and what they were put together from.

Revision ID: 0023
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OBJECT = "stored_object.id"


def upgrade() -> None:
    op.create_table(
        "object_part",
        sa.Column("whole_id", sa.String(32), sa.ForeignKey(OBJECT), primary_key=True),
        sa.Column("part_id", sa.String(32), sa.ForeignKey(OBJECT), primary_key=True),
    )
    op.create_index("ix_object_part_part_id", "object_part", ["part_id"])
    op.create_table(
        "clip",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("camera_id", sa.String(32), sa.ForeignKey("camera.id"), nullable=False),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), nullable=False, comment="who asked for it"),
        sa.Column("from_at", MOMENT, nullable=False, comment="begin of the span, as it was asked for"),
        sa.Column("to_at", MOMENT, nullable=False, comment="its end"),
        sa.Column("state", sa.String(8), nullable=False, comment="asked, made, refused"),
        sa.Column(
            "object_id",
            sa.String(32),
            sa.ForeignKey(OBJECT),
            nullable=True,
            comment="the file, of kind export; null until first tried",
        ),
        sa.Column("bytes_done", sa.BigInteger, nullable=False),
        sa.Column("bytes_all", sa.BigInteger, nullable=True, comment="how long it will be; null: not known yet"),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column(
            "next_attempt_at",
            MOMENT,
            nullable=True,
            comment="when to try (again); a worker's lease too; null: made, or refused",
        ),
        sa.Column("last_error", sa.Text, nullable=True, comment="why it was refused, or the last try failed"),
        sa.Column("manifest", sa.JSON, nullable=True, comment="what it is made of, with proofs"),
        sa.Column("asked_at", MOMENT, nullable=False),
    )
    op.create_index("ix_clip_next_attempt_at", "clip", ["next_attempt_at"])
    op.create_index("ix_clip_object_id", "clip", ["object_id"])


def downgrade() -> None:
    op.drop_table("clip")
    op.drop_table("object_part")

"""Previews of segments: what is to be made, and what is known of those that were.

Revision ID: 0021
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "preview_task",
        sa.Column(
            "object_id",
            sa.String(32),
            sa.ForeignKey("stored_object.id"),
            primary_key=True,
            comment="the segment's object",
        ),
        sa.Column(
            "derived_id",
            sa.String(32),
            sa.ForeignKey("stored_object.id"),
            nullable=True,
            comment="the object that it becomes; null until first tried",
        ),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when to try (again); a worker's lease too; null: nothing can be made of it",
        ),
        sa.Column("last_error", sa.Text, nullable=True, comment="why the last try failed, in words"),
    )
    op.create_index("ix_preview_task_next_attempt_at", "preview_task", ["next_attempt_at"])
    op.create_table(
        "preview",
        sa.Column(
            "object_id",
            sa.String(32),
            sa.ForeignKey("stored_object.id"),
            primary_key=True,
            comment="thumbnail, strip and grids of motion, one behind the other",
        ),
        sa.Column("segment_object_id", sa.String(32), sa.ForeignKey("stored_object.id"), unique=True, nullable=False),
        sa.Column("thumbnail_bytes", sa.Integer, nullable=False, comment="length of the first JPEG"),
        sa.Column("strip_bytes", sa.Integer, nullable=False, comment="length of the second, the pictures side by side"),
        sa.Column(
            "pictures",
            sa.JSON,
            nullable=False,
            comment="when each picture of the strip was taken, in milliseconds from the segment's begin",
        ),
        sa.Column(
            "motion",
            sa.LargeBinary,
            nullable=False,
            comment="a byte for each second: how much of the picture changed, 0 to 255",
        ),
    )


def downgrade() -> None:
    op.drop_table("preview")
    op.drop_table("preview_task")

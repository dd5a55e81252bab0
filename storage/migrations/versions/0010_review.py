"""Reviews: scorecards, answers, notes; what is heard; and whose peaks are still to be made

Revision ID: 0010
Revises: 0009
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNHEARD = sa.text("state = 'stored' AND kind = 'recording' AND heard_at IS NULL")
MOMENT = sa.DateTime(timezone=True)


def columns() -> list[sa.Column[Any]]:
    """Anew each time: a column belongs to one table."""
    return [
        sa.Column("heard_at", MOMENT, nullable=True, comment="when a reviewer marked it as heard"),
        sa.Column("heard_by", sa.String(32), nullable=True, comment="the id of that person"),
    ]


def upgrade() -> None:
    # First, by itself, and anew where it was broken off, as in 0003: the table may be large, and work must go on.
    with op.get_context().autocommit_block():
        there = {each["name"] for each in sa.inspect(op.get_bind()).get_columns("stored_object")}
        for column in columns():
            if column.name not in there:
                op.add_column("stored_object", column)
        op.drop_index(
            "ix_stored_object_unheard", table_name="stored_object", postgresql_concurrently=True, if_exists=True
        )
        op.create_index(
            "ix_stored_object_unheard",
            "stored_object",
            ["began_at", "id", "centre_id"],
            sqlite_where=UNHEARD,
            postgresql_where=UNHEARD,
            postgresql_concurrently=True,
        )
    op.create_table(
        "scorecard",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "version",
            sa.Integer,
            unique=True,
            nullable=False,
            comment="counts up; the highest is the one that is asked",
        ),
        sa.Column(
            "questions",
            sa.JSON,
            nullable=False,
            comment="key, kind, whether it counts, and its words by language, in order",
        ),
        sa.Column(
            "sha256", sa.String(64), nullable=False, comment="of the questions, to see whether others are shipped"
        ),
        sa.Column("published_at", MOMENT, nullable=False),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("recording_id", sa.String(32), sa.ForeignKey("recording.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "number",
            sa.Integer,
            nullable=False,
            comment="counts up within the recording: the highest is the one that counts",
        ),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), nullable=False, comment="who answered"),
        sa.Column("scorecard_id", sa.String(32), sa.ForeignKey("scorecard.id"), nullable=False),
        sa.Column("answers", sa.JSON, nullable=False, comment="by the question's key"),
        sa.Column(
            "score", sa.Integer, nullable=True, comment="percent of what could be reached; null: nothing that counts"
        ),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("delete_after", MOMENT, nullable=False, comment="purpose evidence: it goes with the call's rows"),
        sa.UniqueConstraint("recording_id", "number"),
    )
    op.create_index("ix_review_submitted_at", "review", ["submitted_at"])
    op.create_table(
        "review_note",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("recording_id", sa.String(32), sa.ForeignKey("recording.id", ondelete="CASCADE"), nullable=False),
        sa.Column("person_id", sa.String(32), sa.ForeignKey("person.id"), nullable=False, comment="who wrote it"),
        sa.Column("at_ms", sa.Integer, nullable=False, comment="milliseconds from the recording's begin"),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("delete_after", MOMENT, nullable=False, comment="purpose evidence: it goes with the call's rows"),
    )
    op.create_index("ix_review_note_recording_id", "review_note", ["recording_id"])
    op.create_table(
        "peaks_task",
        sa.Column(
            "object_id",
            sa.String(32),
            sa.ForeignKey("stored_object.id"),
            primary_key=True,
            comment="the recording's object",
        ),
        sa.Column(
            "peaks_id",
            sa.String(32),
            sa.ForeignKey("stored_object.id"),
            nullable=True,
            comment="the object they become; null until first tried",
        ),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column(
            "next_attempt_at",
            MOMENT,
            nullable=True,
            comment="when to try (again); a worker's lease too; null: no peaks can be made of it",
        ),
        sa.Column("last_error", sa.Text, nullable=True, comment="why the last try failed, in words"),
    )
    op.create_index("ix_peaks_task_next_attempt_at", "peaks_task", ["next_attempt_at"])
    op.execute(
        "INSERT INTO peaks_task (object_id, attempts, next_attempt_at) "
        "SELECT id, 0, stored_at FROM stored_object WHERE state = 'stored' AND kind = 'recording'"
    )


def downgrade() -> None:
    op.drop_index("ix_stored_object_unheard", "stored_object")
    for table in ("peaks_task", "review_note", "review", "scorecard"):
        op.drop_table(table)
    op.drop_column("stored_object", "heard_by")
    op.drop_column("stored_object", "heard_at")

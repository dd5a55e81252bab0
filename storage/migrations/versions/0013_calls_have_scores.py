"""A call has the score of its last review, by which it is searched.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "ix_call_scored"
SCORED = sa.text("score IS NOT NULL")


def upgrade() -> None:
    # By itself, and anew where it was broken off, as in 0003: the table may be large, and work must go on.
    with op.get_context().autocommit_block():
        if "score" not in {each["name"] for each in sa.inspect(op.get_bind()).get_columns("call")}:
            comment = "percent, of the review that was submitted last; null: none"
            op.add_column("call", sa.Column("score", sa.Integer, nullable=True, comment=comment))
        # The calls that somebody has reviewed, and no others.
        op.execute(
            "UPDATE call SET score = (SELECT review.score FROM review JOIN recording ON recording.id = "
            "review.recording_id WHERE recording.call_id = call.id ORDER BY review.submitted_at DESC, review.number "
            "DESC LIMIT 1) WHERE id IN (SELECT recording.call_id FROM recording JOIN review ON review.recording_id = "
            "recording.id)"
        )
        op.drop_index(NAME, table_name="call", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            NAME,
            "call",
            ["line_id", "ringing_at", "id", "score"],
            sqlite_where=SCORED,
            postgresql_where=SCORED,
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(NAME, "call")
    op.drop_column("call", "score")

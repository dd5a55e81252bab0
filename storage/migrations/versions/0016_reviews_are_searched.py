"""Reviews are searched by score: an index of those that have one, in the order in which they are listed.

Revision ID: 0016
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = "ix_review_scored"
SCORED = sa.text("score IS NOT NULL")


def upgrade() -> None:
    # By itself, and anew where it was broken off, as in 0003: the table may be large, and work must go on.
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="review", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            NAME,
            "review",
            ["submitted_at", "id", "score"],
            sqlite_where=SCORED,
            postgresql_where=SCORED,
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(NAME, "review")

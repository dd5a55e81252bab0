"""Two indexes of what is still to be done alone: what may be claimed, by date; deletions under way, by theirs.

The old ones held what is held as well, and every deletion there ever was; and SQLite did not take the one for claims,
because it rather counts on `state` to be selective.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("finished_at IS NULL")
STORED = sa.text("state = 'stored'")


def upgrade() -> None:
    # The tables may be large, and work must go on meanwhile. The new ones first: no moment without. And anew where it
    # was broken off: PostgreSQL leaves an index behind that it does not use.
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_stored_object_claimable", table_name="stored_object", postgresql_concurrently=True, if_exists=True
        )
        op.create_index(
            "ix_stored_object_claimable",
            "stored_object",
            ["holds", "delete_after", "id"],
            sqlite_where=STORED,
            postgresql_where=STORED,
            postgresql_concurrently=True,
        )
        op.drop_index("ix_deletion_under_way", table_name="deletion", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            "ix_deletion_under_way",
            "deletion",
            ["next_attempt_at", "object_id"],
            sqlite_where=UNFINISHED,
            postgresql_where=UNFINISHED,
            postgresql_concurrently=True,
        )
    op.drop_index("ix_stored_object_due", "stored_object", sqlite_where=STORED, postgresql_where=STORED, if_exists=True)
    op.drop_index("ix_deletion_finished_at_next_attempt_at", "deletion", if_exists=True)


def downgrade() -> None:
    op.create_index(
        "ix_stored_object_due", "stored_object", ["delete_after", "id"], sqlite_where=STORED, postgresql_where=STORED
    )
    op.drop_index("ix_stored_object_claimable", "stored_object", sqlite_where=STORED, postgresql_where=STORED)
    op.create_index("ix_deletion_finished_at_next_attempt_at", "deletion", ["finished_at", "next_attempt_at"])
    op.drop_index("ix_deletion_under_way", "deletion", sqlite_where=UNFINISHED, postgresql_where=UNFINISHED)

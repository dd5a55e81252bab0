"""An index of what is derived, that holds only that.

The old one held every object that has no parent too. Once ANALYZE has told SQLite that nearly all objects have the
same parent, namely none, it reads the whole table instead.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DERIVED = sa.text("parent_id IS NOT NULL")


def upgrade() -> None:
    # The new one first: no moment without. Anew where it was broken off, as in 0003.
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_stored_object_derived", table_name="stored_object", postgresql_concurrently=True, if_exists=True
        )
        op.create_index(
            "ix_stored_object_derived",
            "stored_object",
            ["parent_id"],
            sqlite_where=DERIVED,
            postgresql_where=DERIVED,
            postgresql_concurrently=True,
        )
    op.drop_index("ix_stored_object_parent_id", "stored_object", if_exists=True)


def downgrade() -> None:
    op.create_index("ix_stored_object_parent_id", "stored_object", ["parent_id"])
    op.drop_index("ix_stored_object_derived", "stored_object", sqlite_where=DERIVED, postgresql_where=DERIVED)

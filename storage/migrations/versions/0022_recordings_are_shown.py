"""The index of recordings that can be shown holds recordings alone: a day of eight cameras is 23,000 segments.

Revision ID: 0022
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None

NAME = "ix_stored_object_shown"
COLUMNS = ["began_at", "id", "centre_id"]


def upgrade() -> None:
    _made_anew("state = 'stored' AND kind = 'recording'")


def downgrade() -> None:
    _made_anew("state = 'stored'")


def _made_anew(holds: str) -> None:
    # While it is made the list of recordings is slower, and right.
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="stored_object", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            NAME,
            "stored_object",
            COLUMNS,
            sqlite_where=sa.text(holds),
            postgresql_where=sa.text(holds),
            postgresql_concurrently=True,
        )

"""The gaps that last have an index of their own: how cameras stand is asked by each page of them.

Revision ID: 0027
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

NAME = "ix_gap_lasting"
LASTS = sa.text("ended_at IS NULL")


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="gap", postgresql_concurrently=True, if_exists=True)
        op.create_index(
            NAME, "gap", ["camera_id"], sqlite_where=LASTS, postgresql_where=LASTS, postgresql_concurrently=True
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index(NAME, table_name="gap", postgresql_concurrently=True, if_exists=True)

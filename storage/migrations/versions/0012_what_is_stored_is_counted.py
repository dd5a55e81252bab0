"""what is stored is counted beforehand: the overview does not read every object's row

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stored_count",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, comment="1: there is one row"),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "took_ms", sa.Integer, nullable=False, comment="how long it took: that decides when it is done again"
        ),
        sa.Column(
            "parts",
            sa.JSON,
            nullable=False,
            comment="of each centre, by week from then on, and what is held: objects, bytes",
        ),
    )


def downgrade() -> None:
    op.drop_table("stored_count")

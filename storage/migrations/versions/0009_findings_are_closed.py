"""findings are closed, by whom and why

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "finding",
        sa.Column(
            "closed_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when a person was done with it; null: open, or seen again since",
        ),
    )
    op.add_column(
        "finding",
        sa.Column("closed_by", sa.String(32), nullable=True, comment="id of the person who closed it, or `operator`"),
    )
    op.add_column("finding", sa.Column("closed_reason", sa.Text, nullable=True, comment="why it was closed"))


def downgrade() -> None:
    for column in ("closed_reason", "closed_by", "closed_at"):
        op.drop_column("finding", column)

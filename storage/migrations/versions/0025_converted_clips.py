"""Clips that are made to be looked at in a browser that cannot play what was recorded.

Revision ID: 0025
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0026"
branch_labels = None
depends_on = None

CONVERTED = "whether its pictures are encoded anew, to be looked at in a browser"


def upgrade() -> None:
    op.add_column(
        "clip", sa.Column("converted", sa.Boolean, nullable=False, server_default=sa.false(), comment=CONVERTED)
    )


def downgrade() -> None:
    op.drop_column("clip", "converted")

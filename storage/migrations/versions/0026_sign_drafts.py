"""Drafts of what signs say.

Revision ID: 0026
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sign_draft",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("texts", sa.JSON, nullable=False, comment="as of a version"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "made_by", sa.String(32), sa.ForeignKey("person.id"), nullable=False, comment="who made it; in no leaf"
        ),
    )
    op.create_index("ix_sign_draft_made_at", "sign_draft", ["made_at"])


def downgrade() -> None:
    op.drop_table("sign_draft")

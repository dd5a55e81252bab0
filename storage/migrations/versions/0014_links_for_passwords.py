"""Links with which people set their own password.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "password_link",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False, comment="whose password it sets"),
        sa.Column("secret_sha256", sa.String(64), nullable=False, comment="of the 256 random bits in the address"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True, comment="when it was used, or ended before; null: not yet"),
        sa.PrimaryKeyConstraint("id", name="pk_password_link"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_password_link_person_id_person"),
        sa.UniqueConstraint("secret_sha256", name="uq_password_link_secret_sha256"),
    )
    op.create_index("ix_password_link_person_id", "password_link", ["person_id"])
    op.create_index("ix_password_link_expires_at", "password_link", ["expires_at"])


def downgrade() -> None:
    op.drop_table("password_link")

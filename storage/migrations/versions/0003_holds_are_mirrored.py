"""holds are mirrored

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hold_mirror",
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False, comment="counts the changes of what holds the object"),
        sa.Column("mirrored", sa.Integer(), nullable=False, comment="the last revision that was carried out"),
        sa.Column(
            "in_keys_at", sa.DateTime(timezone=True), nullable=True, comment="since when its key is marked as held"
        ),
        sa.Column(
            "in_store_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="since when its versions are under legal hold; null also where the bucket cannot",
        ),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="when to carry it out, or to look whether it is still so",
        ),
        sa.Column(
            "leased_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a process is at it until then, or died",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["object_id"], ["stored_object.id"], name=op.f("fk_hold_mirror_object_id_stored_object")
        ),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_hold_mirror")),
    )
    op.create_index(op.f("ix_hold_mirror_next_attempt_at"), "hold_mirror", ["next_attempt_at"])
    # What is held already is to be mirrored too.
    op.execute(
        "INSERT INTO hold_mirror (object_id, revision, mirrored, next_attempt_at, attempts) "
        "SELECT id, 1, 0, arrived_at, 0 FROM stored_object WHERE holds > 0"
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_hold_mirror_next_attempt_at"), "hold_mirror")
    op.drop_table("hold_mirror")

"""what waits for a second person

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _comment_on_state("published, awaiting (an approval), superseded or withdrawn")
    op.create_table(
        "card_data_purge",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=False,
            comment="of the object's plain content, when it was asked for",
        ),
        sa.Column("spans", sa.JSON(), nullable=False, comment="[from, to] in milliseconds from its begin"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "request_sha256",
            sa.String(length=64),
            nullable=False,
            comment="over all that was asked: what an approval is bound to",
        ),
        sa.Column(
            "state",
            sa.String(length=9),
            nullable=False,
            comment="asked approved done withdrawn void (it went by itself)",
        ),
        sa.Column("asked_by", sa.String(length=32), nullable=False, comment="id of the person who asks"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(length=32), nullable=True, comment="id of another person"),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=32), nullable=True, comment="id of a person"),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True),
        sa.Column("copy_id", sa.String(length=32), nullable=True, comment="the silenced copy; null until one is begun"),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="when it was done, withdrawn or void"),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when to make the copy (again); a claim's lease too",
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True, comment="why the last try failed, in words"),
        sa.ForeignKeyConstraint(
            ["copy_id"], ["stored_object.id"], name=op.f("fk_card_data_purge_copy_id_stored_object")
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["stored_object.id"], name=op.f("fk_card_data_purge_object_id_stored_object")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_data_purge")),
    )
    with op.batch_alter_table("card_data_purge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_data_purge_object_id"), ["object_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_card_data_purge_state_next_attempt_at"), ["state", "next_attempt_at"], unique=False
        )

    op.create_table(
        "policy_preview",
        sa.Column("policy_id", sa.String(length=32), nullable=False),
        sa.Column(
            "sha256",
            sa.String(length=64),
            nullable=False,
            comment="over the terms and every change: what an approval is bound to",
        ),
        sa.Column("in_force", sa.JSON(), nullable=False, comment="ids of the purpose's policies that it was made from"),
        sa.Column("asked_by", sa.String(length=32), nullable=False, comment="id of the person who asks"),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "expires_at", sa.DateTime(timezone=True), nullable=False, comment="from then on it can be approved no more"
        ),
        sa.Column(
            "decided_by",
            sa.String(length=32),
            nullable=True,
            comment="id of the person who approved or withdrew it; null while nobody did",
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.Text(), nullable=True, comment="why it was withdrawn; null if it was not"),
        sa.Column(
            "changed", sa.Integer(), nullable=True, comment="how many objects got their date; null unless approved"
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["retention_policy.id"], name=op.f("fk_policy_preview_policy_id_retention_policy")
        ),
        sa.PrimaryKeyConstraint("policy_id", name=op.f("pk_policy_preview")),
    )
    op.create_table(
        "policy_preview_change",
        sa.Column("policy_id", sa.String(length=32), nullable=False),
        sa.Column("object_id", sa.String(length=32), nullable=False),
        sa.Column(
            "until_before",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="its end for the purpose when the preview was made",
        ),
        sa.Column(
            "delete_after_before",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="its deletion date when the preview was made",
        ),
        sa.Column(
            "until_after", sa.DateTime(timezone=True), nullable=False, comment="the end that an approval gives it"
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["stored_object.id"], name=op.f("fk_policy_preview_change_object_id_stored_object")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy_preview.policy_id"], name=op.f("fk_policy_preview_change_policy_id_policy_preview")
        ),
        sa.PrimaryKeyConstraint("policy_id", "object_id", name=op.f("pk_policy_preview_change")),
    )


def downgrade() -> None:
    _comment_on_state("published, awaiting (an approval) or superseded")
    op.drop_table("policy_preview_change")
    op.drop_table("policy_preview")
    with op.batch_alter_table("card_data_purge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_card_data_purge_state_next_attempt_at"))
        batch_op.drop_index(batch_op.f("ix_card_data_purge_object_id"))

    op.drop_table("card_data_purge")


def _comment_on_state(comment: str) -> None:
    # SQLite keeps no comments, and would copy the whole table for one.
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("retention_policy", "state", existing_type=sa.String(length=10), comment=comment)

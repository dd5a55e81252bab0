"""Calls are searched by line, outcome and caller, and people have tokens for the API.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WITH_NUMBER = sa.text("from_number IS NOT NULL")
INDEXES = {
    "ix_call_line_id_ringing_at": (["line_id", "ringing_at"], None),
    "ix_call_line_id_outcome_ringing_at": (["line_id", "outcome", "ringing_at"], None),
    "ix_call_caller": (["from_number", "ringing_at"], WITH_NUMBER),
}


def upgrade() -> None:
    # Anew where it was broken off, as in 0003.
    with op.get_context().autocommit_block():
        for name, (columns, where) in INDEXES.items():
            op.drop_index(name, table_name="call", postgresql_concurrently=True, if_exists=True)
            op.create_index(
                name, "call", columns, sqlite_where=where, postgresql_where=where, postgresql_concurrently=True
            )
    op.create_table(
        "api_token",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False, comment="what it is for, in their words"),
        sa.Column("token_sha256", sa.String(64), nullable=False, comment="of its 256 random bits, with their prefix"),
        sa.Column("scopes", sa.JSON, nullable=False, comment="area:read or area:write, each once, sorted"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True, comment="to the minute; null: never"),
        sa.Column("ended_at", MOMENT, nullable=True, comment="null unless somebody ended it"),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_api_token_person_id_person"),
        sa.UniqueConstraint("token_sha256", name="uq_api_token_token_sha256"),
    )
    op.create_index("ix_api_token_person_id_made_at", "api_token", ["person_id", "made_at"])
    op.create_index("ix_api_token_expires_at", "api_token", ["expires_at"])
    op.create_table(
        "kept_answer",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.String(32), nullable=False, comment="whose request: keys are one person's"),
        sa.Column("key_sha256", sa.String(64), nullable=False, comment="of the key"),
        sa.Column(
            "request_sha256",
            sa.String(64),
            nullable=False,
            comment="over address and body: another body is a conflict",
        ),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False, comment="the JSON given; a repeat gets it word for word"),
        sa.Column("forget_after", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_kept_answer"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_kept_answer_person_id_person"),
        sa.UniqueConstraint("person_id", "key_sha256", name="uq_kept_answer_person_id_key_sha256"),
    )
    op.create_index("ix_kept_answer_forget_after", "kept_answer", ["forget_after"])


def downgrade() -> None:
    op.drop_table("kept_answer")
    op.drop_table("api_token")
    for name in INDEXES:
        op.drop_index(name, "call")

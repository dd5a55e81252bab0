"""sign-in

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

STORED = sa.text("state = 'stored'")


def upgrade() -> None:
    # The table may be large, and recordings must go on arriving meanwhile. First, and anew where it was broken off:
    # PostgreSQL leaves an index behind that it does not use.
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_stored_object_shown", table_name="stored_object", postgresql_concurrently=True, if_exists=True
        )
        op.create_index(
            "ix_stored_object_shown",
            "stored_object",
            ["began_at", "id", "centre_id"],
            sqlite_where=STORED,
            postgresql_where=STORED,
            postgresql_concurrently=True,
        )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column(
            "address_hmac",
            sa.String(length=64),
            nullable=False,
            comment="keyed hash of the address, of people and of nobody alike",
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index(op.f("ix_sign_in_attempt_address_hmac_at"), "sign_in_attempt", ["address_hmac", "at"])
    op.create_index(op.f("ix_sign_in_attempt_at"), "sign_in_attempt", ["at"])
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False, comment="of the 256 random bits in the cookie"),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="to the minute: idle sessions end by it",
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True, comment="null unless somebody ended it"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_session_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_sign_in_session_token_sha256")),
    )
    op.create_index(op.f("ix_sign_in_session_begun_at"), "sign_in_session", ["begun_at"])
    op.create_index(op.f("ix_sign_in_session_person_id_begun_at"), "sign_in_session", ["person_id", "begun_at"])
    # Nullable and without a default: no row is rewritten, and PostgreSQL's lock is held for a moment.
    op.add_column(
        "person",
        sa.Column(
            "password_hash",
            sa.String(length=200),
            nullable=True,
            comment="argon2id, with its parameters and salt; null: cannot sign in",
        ),
    )


def downgrade() -> None:
    # SQLite drops the column in place since 3.35; a copy of the table would meet the keys that point to it.
    op.drop_column("person", "password_hash")
    op.drop_table("sign_in_session")
    op.drop_table("sign_in_attempt")
    with op.get_context().autocommit_block():
        op.drop_index(
            "ix_stored_object_shown", table_name="stored_object", postgresql_concurrently=True, if_exists=True
        )

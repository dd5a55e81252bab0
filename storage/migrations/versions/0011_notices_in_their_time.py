"""A notice is in force in an interval; its state follows from that and from the moment. And drafts of notices.

Revision ID: 0011
Revises: 0010
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLE = "notice_version"
BY_STATE = "ix_notice_version_kind_mode_language_state"
BY_MOMENT = "ix_notice_version_kind_mode_language_effective_from"
VERSION = sa.table(
    TABLE,
    sa.column("id", sa.String),
    sa.column("kind", sa.String),
    sa.column("mode", sa.String),
    sa.column("language", sa.String),
    sa.column("state", sa.String),
    sa.column("published_at", MOMENT),
    sa.column("effective_from", MOMENT),
    sa.column("superseded_at", MOMENT),
    sa.column("withdrawn_at", MOMENT),
)


def upgrade() -> None:
    # First what other tables' rows need not wait for, and anew where it was broken off, as in 0003 and 0010.
    with op.get_context().autocommit_block():
        there = {each["name"] for each in sa.inspect(op.get_bind()).get_columns(TABLE)}
        if "effective_from" not in there:
            # A constant default: no row is rewritten. No version is from then: each gets its own moment below.
            op.add_column(
                TABLE,
                sa.Column(
                    "effective_from",
                    MOMENT,
                    nullable=False,
                    server_default="1970-01-01 00:00:00",
                    comment="callers hear it from this moment on",
                ),
            )
        op.drop_index(BY_MOMENT, table_name=TABLE, postgresql_concurrently=True, if_exists=True)
        op.create_index(BY_MOMENT, TABLE, ["kind", "mode", "language", "effective_from"], postgresql_concurrently=True)
    op.execute(sa.update(VERSION).values(effective_from=VERSION.c.published_at))
    if op.get_bind().dialect.name == "postgresql":
        # SQLite could only by a copy of the table, which would meet the keys that point to it.
        op.alter_column(TABLE, "effective_from", server_default=None)
        op.alter_column(
            TABLE,
            "superseded_at",
            comment="and until this one, exclusively: the next one's effective_from; null: for ever",
        )
    op.add_column(
        TABLE,
        sa.Column(
            "withdrawn_at",
            MOMENT,
            nullable=True,
            comment="taken back before it was in force: then it ends where it begins",
        ),
    )
    op.add_column(TABLE, sa.Column("withdrawn_reason", sa.Text, nullable=True, comment="why, as it was typed"))
    op.drop_index(BY_STATE, TABLE)
    op.drop_column(TABLE, "state")
    op.create_table(
        "notice_draft",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False, comment="as of a version"),
        sa.Column("mode", sa.String(8), nullable=True, comment="as of a version"),
        sa.Column("language", sa.String(2), nullable=False, comment="as of a version"),
        sa.Column("text", sa.Text, nullable=False, comment="what is said, word for word"),
        sa.Column("wav", sa.LargeBinary, nullable=False, comment="as callers would hear it"),
        sa.Column("audio_sha256", sa.String(64), nullable=False),
        sa.Column("duration_ms", sa.Integer, nullable=False, comment="of the sound"),
        sa.Column("placeholder", sa.Boolean, nullable=False, comment="spoken by a machine"),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column(
            "made_by", sa.String(32), sa.ForeignKey("person.id"), nullable=False, comment="who made it; in no leaf"
        ),
    )
    op.create_index("ix_notice_draft_made_at", "notice_draft", ["made_at"])


def downgrade() -> None:
    """Below, nothing can be scheduled: what has not been in force is forgotten, and what is in force stays so."""
    op.drop_table("notice_draft")
    op.add_column(
        TABLE,
        sa.Column(
            "state",
            sa.String(12),
            nullable=False,
            server_default="superseded",
            comment="published or superseded",
        ),
    )
    bind = op.get_bind()
    now: datetime = datetime.now(UTC)
    if bind.dialect.name == "sqlite":
        now = now.replace(tzinfo=None)
    never = sa.or_(VERSION.c.withdrawn_at.is_not(None), VERSION.c.effective_from > now)
    op.execute(sa.delete(VERSION).where(never))
    in_force = sa.or_(VERSION.c.superseded_at.is_(None), VERSION.c.superseded_at > now)
    op.execute(sa.update(VERSION).where(in_force).values(state="published", superseded_at=None))
    op.drop_index(BY_MOMENT, TABLE)
    op.create_index(BY_STATE, TABLE, ["kind", "mode", "language", "state"])
    for column in ("withdrawn_reason", "withdrawn_at", "effective_from"):
        op.drop_column(TABLE, column)
    if bind.dialect.name == "postgresql":
        op.alter_column(TABLE, "state", server_default=None)
        op.alter_column(TABLE, "superseded_at", comment=None)

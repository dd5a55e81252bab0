"""Signs: versions of what they say, the sheet that a zone needs, and who confirmed that it hangs there.

Revision ID: 0019
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "sign_version",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column(
            "number",
            sa.Integer,
            nullable=False,
            unique=True,
            comment="counts up; the one before it may hang for its grace",
        ),
        sa.Column("texts", sa.JSON, nullable=False, comment="by language, and in it by field"),
        sa.Column("texts_sha256", sa.String(64), nullable=False),
        sa.Column(
            "grace_days",
            sa.Integer,
            nullable=False,
            comment="how long what it makes outdated may hang on; 0: not at all",
        ),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column(
            "published_by", sa.String(32), nullable=True, comment="id of a person, or operator; null: it is shipped"
        ),
        sa.Column(
            "effective_from",
            MOMENT,
            nullable=False,
            comment="signs must say it from this moment on, until the next one's",
        ),
    )
    op.create_table(
        "sign",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("zone_id", sa.String(32), sa.ForeignKey("zone.id"), nullable=False),
        sa.Column("version_id", sa.String(32), sa.ForeignKey("sign_version.id"), nullable=False),
        sa.Column(
            "code",
            sa.String(12),
            nullable=False,
            unique=True,
            comment="random; stands in the address it leads to",
        ),
        sa.Column(
            "content",
            sa.JSON,
            nullable=False,
            comment="what stands on it beside the version's texts: who, contact, languages, storage window, place",
        ),
        sa.Column("content_sha256", sa.String(64), nullable=False, comment="of the texts and the content"),
        sa.Column(
            "issued_at",
            MOMENT,
            nullable=False,
            comment="when it became what the zone needs: its newest is the last one",
        ),
        sa.UniqueConstraint("zone_id", "content_sha256"),
    )
    op.create_table(
        "sign_posting",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("zone_id", sa.String(32), sa.ForeignKey("zone.id"), nullable=False),
        sa.Column("sign_id", sa.String(32), sa.ForeignKey("sign.id"), nullable=False),
        sa.Column(
            "photo_object_id",
            sa.String(32),
            sa.ForeignKey("stored_object.id"),
            nullable=True,
            unique=True,
            comment="the photo on which its code was read; evidence",
        ),
        sa.Column("confirmed_at", MOMENT, nullable=False),
        sa.Column("confirmed_by", sa.String(32), nullable=False, comment="id of a person, or operator"),
        sa.Column(
            "ended_at",
            MOMENT,
            nullable=True,
            comment="another one was confirmed, or this one is gone; null: it lasts",
        ),
        sa.Column(
            "withdrawn_by",
            sa.String(32),
            nullable=True,
            comment="who said that it is gone: id of a person, or operator; null: replaced, or it lasts",
        ),
        sa.Column("withdrawn_reason", sa.Text, nullable=True, comment="why, as it was typed"),
    )
    lasting = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_sign_posting_lasting",
        "sign_posting",
        ["zone_id"],
        unique=True,
        sqlite_where=lasting,
        postgresql_where=lasting,
    )
    op.create_index("ix_sign_posting_zone_id_confirmed_at", "sign_posting", ["zone_id", "confirmed_at"])


def downgrade() -> None:
    for table in ("sign_posting", "sign", "sign_version"):
        op.drop_table(table)

"""Who published a version of a notice, and who withdrew it.

Revision ID: 0018
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = {
    "published_by": "id of a person, or operator; null: shipped, or published before this was noted",
    "withdrawn_by": "id of a person, or operator; null: not withdrawn, or before this was noted",
}
TOLD = {"notice_published": "published_by", "notice_withdrawn": "withdrawn_by"}
VERSION = sa.table("notice_version", sa.column("id"), *(sa.column(name) for name in COLUMNS))
LEAF = sa.table("leaf", sa.column("id"), sa.column("kind"))
OPENING = sa.table("leaf_opening", sa.column("leaf_id"), sa.column("subject_id"), sa.column("facts", sa.JSON))


def upgrade() -> None:
    for name, comment in COLUMNS.items():
        op.add_column("notice_version", sa.Column(name, sa.String(32), nullable=True, comment=comment))
    # Where this revision was gone down and up again, leaves have told of it, and the rows must say the same.
    told = (
        sa.select(LEAF.c.kind, OPENING.c.subject_id, OPENING.c.facts)
        .join(LEAF, LEAF.c.id == OPENING.c.leaf_id)
        .where(OPENING.c.subject_id.in_(sa.select(VERSION.c.id)))
    )
    connection = op.get_bind()
    for kind, version_id, facts in connection.execute(told).all():
        if kind in TOLD and "by" in facts:
            connection.execute(sa.update(VERSION).where(VERSION.c.id == version_id).values({TOLD[kind]: facts["by"]}))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("notice_version", name)

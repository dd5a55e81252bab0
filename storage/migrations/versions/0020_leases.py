"""Who records a camera, by numbered leases; which recorders live; which cameras are switched off.

Revision ID: 0020
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0021"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
RUN = "number of the lease under which it was recorded"
GAP = "number of the lease of whoever said so"


def upgrade() -> None:
    op.add_column(
        "camera", sa.Column("off_at", MOMENT, nullable=True, comment="since when it is switched off; null: it is on")
    )
    op.add_column("recording_run", sa.Column("lease", sa.Integer, nullable=False, server_default="0", comment=RUN))
    op.add_column("gap", sa.Column("lease", sa.Integer, nullable=False, server_default="0", comment=GAP))
    op.create_table(
        "recorder_seen",
        sa.Column("id", sa.String(32), primary_key=True, comment="its spool's identity"),
        sa.Column("name", sa.String(100), nullable=False, comment="what people call it"),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("spool_bytes", sa.BigInteger, nullable=False, comment="media that waits in its spool"),
        sa.Column(
            "full_in_s",
            sa.Integer,
            nullable=True,
            comment="seconds until its spool is full at the present rate; null: nothing waits",
        ),
    )
    op.create_table(
        "camera_lease",
        sa.Column("camera_id", sa.String(32), sa.ForeignKey("camera.id"), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(32), nullable=False, comment="the identity of a recorder's spool"),
        sa.Column("claimed_at", MOMENT, nullable=False),
        sa.Column(
            "until",
            MOMENT,
            nullable=False,
            comment="from then on another recorder may claim it; put off while it is held",
        ),
    )


def downgrade() -> None:
    for table in ("camera_lease", "recorder_seen"):
        op.drop_table(table)
    for table, column in (("gap", "lease"), ("recording_run", "lease"), ("camera", "off_at")):
        op.drop_column(table, column)

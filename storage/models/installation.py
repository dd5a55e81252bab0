"""What an installation knows of itself."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base


class InstallationFact(Base):
    """One thing that all processes and machines of an installation must agree on."""

    __tablename__ = "installation_fact"

    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True, comment="key_ring: whose keys belong to this")
    value: Mapped[str] = mapped_column(sa.String(200))

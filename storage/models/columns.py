"""Column kinds that every table shares."""

import secrets
from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from sqlalchemy.orm import mapped_column

from storage.database import Moment


def random_id() -> str:
    """128 random bits in hex: an id that tells nothing about when, who or how many."""
    return secrets.token_hex(16)


Id = Annotated[str, mapped_column(sa.String(32), primary_key=True, default=random_id)]
At = Annotated[datetime, mapped_column(Moment())]
Sha256 = Annotated[str, mapped_column(sa.String(64))]

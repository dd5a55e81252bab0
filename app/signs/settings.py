"""What stands on signs beside what the settings say: they may differ, and then what hangs counts."""

from dataclasses import dataclass, fields

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import SignPosting
from video.sheets import Owner, owner_on_signs

# The settings that stand on signs.
SETTINGS = {"controller": "ESKERTU_CONTROLLER", "contact": "ESKERTU_PRIVACY_CONTACT", "base_url": "ESKERTU_PUBLIC_URL"}


@dataclass(frozen=True)
class Difference:
    """A setting that says something else than what hangs. None: it names nobody."""

    setting: str
    on_signs: str | None
    configured: str | None


def differences(session: Session, configured: Owner) -> list[Difference]:
    """The settings of this process that stand otherwise on signs. None while no sign hangs."""
    on_signs = owner_on_signs(session, configured)
    told = ((each.name, getattr(on_signs, each.name), getattr(configured, each.name)) for each in fields(Owner))
    return [Difference(SETTINGS[name], said, wanted) for name, said, wanted in told if said != wanted]


def how_many_hang(session: Session) -> int:
    """Signs that somebody confirmed, and nobody withdrew."""
    lasting = sa.select(sa.func.count()).select_from(SignPosting).where(SignPosting.ended_at.is_(None))
    return session.scalar(lasting) or 0

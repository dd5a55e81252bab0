"""Finding the call that a request of the carrier is about."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.models import Call


def call_of(session: Session, form: Mapping[str, str]) -> Call | None:
    """The call that a form names, its row held until the transaction ends; None if it is none of ours.

    The account belongs to it: whoever signs for one account says nothing about the calls of another.
    """
    return session.scalars(
        sa.select(Call)
        .where(Call.call_sid == form.get("CallSid", ""), Call.account_sid == form.get("AccountSid", ""))
        .with_for_update(of=Call)
    ).one_or_none()

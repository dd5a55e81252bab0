"""Looking at everything: for `doctor`, and for the page that says what it says."""

import sqlalchemy as sa

from app.privacy.findings import how_many_open
from app.privacy.ledger import ledger_state
from app.readiness import ask_all
from app.wiring import Installation
from storage import notices
from storage.errors import Refused
from storage.models import HoldMirror, Line, NoticeVersion
from storage.objects.store import StoreError
from storage.retention.mirror import NOT_IN_STORE


def examine(at: Installation) -> list[tuple[str, str, bool]]:
    """(what was looked at, what was found, whether it is fine), of everything."""
    found = []
    usable = True
    for part, error in ask_all(at):
        found.append((part, "fine" if error is None else str(error), error is None))
        usable = usable and (error is None or part in {"keys", "store"})
    sids = ", ".join(at.accounts) or "none: set ESKERTU_TWILIO_ACCOUNT_SID, or start `eskertu up` for practice"
    found.append(("carrier accounts", sids, bool(at.accounts)))
    if not usable:
        return found
    now = at.clock.now()
    with at.database.read() as session:
        for line in session.scalars(sa.select(Line)):
            lacking = notices.missing(session, line.mode, line.languages, now)
            name = f"line {line.centre.code}/{line.code}"
            found.append((name, f"not in force: {'; '.join(lacking)}" if lacking else "complete", not lacking))
        spoken = session.scalar(sa.select(sa.func.count()).where(NoticeVersion.placeholder, notices.in_force(now)))
        verdict = (
            f"{spoken} are placeholders spoken by a machine: publish recordings by people before real callers come"
        )
        found.append(("notices", verdict if spoken else "all recorded by people", not spoken))
        findings = how_many_open(session)
        found.append(("findings", f"{findings} to look at: `eskertu findings`" if findings else "none", not findings))
    found += _holds(at)
    with at.database.read() as session:
        given = ledger_state(session).given
    found.append(
        ("ledger", f"a checkpoint over {given.size} leaves has been given out", True)
        if given
        else ("ledger", "not yet tamper-evident: give somebody a checkpoint (`eskertu ledger checkpoint`)", False)
    )
    return found


def _holds(at: Installation) -> list[tuple[str, str, bool]]:
    """Whether what is held is told elsewhere too."""
    with at.database.read() as session:
        late = session.scalar(
            sa.select(sa.func.count()).where(
                HoldMirror.revision != HoldMirror.mirrored, HoldMirror.last_error.is_not(None)
            )
        )
    if late:
        return [("holds", f"{late} could not be mirrored yet: see the worker's log (hold_not_mirrored)", False)]
    try:
        in_store = at.store.supports_legal_hold()
    except (Refused, StoreError):
        return []  # what is wrong with the store has been said
    verdict = "mirrored to the key database and the store" if in_store else NOT_IN_STORE
    return [("holds", verdict, in_store)]

"""Looking at everything: for `doctor`, and for the page that says what it says in its reader's language."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa

from app.cameras.clocks import difference_s
from app.cameras.upkeep import hours_left, is_filling, not_taken, recorders
from app.privacy.findings import how_many_open
from app.privacy.ledger import ledger_state
from app.readiness import ask_all
from app.signs.settings import differences, how_many_hang
from app.wiring import Installation
from storage import notices
from storage.errors import Refused, in_english
from storage.models import HoldMirror, Line, NoticeVersion
from storage.objects.store import StoreError
from storage.retention.mirror import NOT_IN_STORE

# What can be found, as the command says it. Pages say it, and what to do, by config/messages/<language>/health.toml.
VERDICTS = {
    "fine": "fine",
    "database_wrong": "{error}",
    "migrations_wrong": "{error}",
    "keys_wrong": "{error}",
    "store_wrong": "{error}",
    "accounts_there": "{accounts}",
    "accounts_none": "none: set ESKERTU_TWILIO_ACCOUNT_SID, or start `eskertu up` for practice",
    "line_complete": "complete",
    "line_lacking": "not in force: {lacking}",
    "notices_by_people": "all recorded by people",
    "notices_by_machine": "{n} are placeholders spoken by a machine: "
    "publish recordings by people before real callers come",
    "findings_none": "none",
    "findings_open": "{n} to look at: `eskertu findings`",
    "recorder_records": "lives; {n} cameras are to be recorded",
    "recorder_none": "none lives, and {n} cameras are to be recorded: run `eskertu recorder`",
    "recorder_missing": "none takes {n} of the cameras: see ESKERTU_RECORDER_CENTRES of those that live",
    "recorder_filling": "stores nothing; its spool is full in {hours} hours: see the store, and `eskertu findings`",
    "signs_agree": "the {n} that hang say what the settings say",
    "signs_differ": "{n} hang, and say otherwise than the settings ({settings}): see `eskertu sign settings`",
    "holds_mirrored": "mirrored to the key database and the store",
    "holds_late": "{n} could not be mirrored yet: see the worker's log (hold_not_mirrored)",
    "holds_not_in_store": NOT_IN_STORE,
    "clock_agrees": "agrees with the database's",
    "clock_differs": "is {seconds} seconds from the database's: set both by one time server",
    "ledger_given": "a checkpoint over {n} leaves has been given out",
    "ledger_not_given": "not yet tamper-evident: give somebody a checkpoint (`eskertu ledger checkpoint`)",
}


@dataclass(frozen=True)
class Found:
    """What one look has found. `subject` names one of several (a line); `verdict` is one of VERDICTS."""

    part: str
    verdict: str
    fine: bool
    facts: dict[str, object] = field(default_factory=dict)
    subject: str = ""

    @property
    def name(self) -> str:
        """What was looked at, as the command says it."""
        return f"{self.part} {self.subject}".rstrip()

    def __str__(self) -> str:
        return in_english(VERDICTS[self.verdict], self.facts)


def examine(at: Installation) -> list[Found]:
    """All that can be found at an installation; of what is away, that it is away."""
    found = []
    usable = True
    for part, error in ask_all(at):
        if error is None:
            found.append(Found(part, "fine", fine=True))
        else:
            found.append(Found(part, f"{part}_wrong", fine=False, facts={"error": str(error)}))
        usable = usable and (error is None or part in {"keys", "store"})
    accounts = tuple(at.accounts)
    told: dict[str, object] = {"accounts": accounts} if accounts else {}
    found.append(Found("carrier accounts", "accounts_there" if accounts else "accounts_none", bool(accounts), told))
    if not usable:
        return found
    found += _clock(at)
    found += _lines_and_notices(at)
    found += _recorders(at)
    found += _signs(at)
    found += _holds(at)
    with at.database.read() as session:
        given = ledger_state(session).given
    found.append(
        Found("ledger", "ledger_given", fine=True, facts={"n": given.size})
        if given
        else Found("ledger", "ledger_not_given", fine=False)
    )
    return found


def _clock(at: Installation) -> Iterator[Found]:
    """Whether this machine's clock is the database's, where that has one of its own."""
    seconds = difference_s(at)
    if seconds:
        yield Found("clock", "clock_differs", fine=False, facts={"seconds": abs(seconds)})
    elif seconds is not None:
        yield Found("clock", "clock_agrees", fine=True)


def _lines_and_notices(at: Installation) -> Iterator[Found]:
    now = at.clock.now()
    with at.database.read() as session:
        for line in session.scalars(sa.select(Line)):
            lacking = notices.missing(session, line.mode, line.languages, now)
            name = f"{line.centre.code}/{line.code}"
            if lacking:
                yield Found("line", "line_lacking", fine=False, facts={"lacking": lacking}, subject=name)
            else:
                yield Found("line", "line_complete", fine=True, subject=name)
        spoken = session.scalar(sa.select(sa.func.count()).where(NoticeVersion.placeholder, notices.in_force(now)))
        yield _counted("notices", "notices_by_machine", spoken or 0, "notices_by_people")
        yield _counted("findings", "findings_open", how_many_open(session), "findings_none")


def _recorders(at: Installation) -> Iterator[Found]:
    """Whether somebody records the cameras, where there are any."""
    with at.database.read() as session:
        found, left = recorders(session, at.clock.now()), not_taken(session, at.clock.now())
    if found.wanted and not found.alive:
        yield Found("recorder", "recorder_none", fine=False, facts={"n": found.wanted})
    elif left:
        yield Found("recorder", "recorder_missing", fine=False, facts={"n": len(left)})
    for each in found.alive if found.wanted else ():
        if is_filling(each):
            hours: dict[str, object] = {"hours": hours_left(each)}
            yield Found("recorder", "recorder_filling", fine=False, facts=hours, subject=each.name)
        else:
            yield Found("recorder", "recorder_records", fine=True, facts={"n": found.wanted}, subject=each.name)


def _signs(at: Installation) -> Iterator[Found]:
    """Whether what hangs leads where this installation answers, and names whom its settings name."""
    with at.database.read() as session:
        hang, found = how_many_hang(session), differences(session, at.sign_owner)
    if found:
        facts: dict[str, object] = {"n": hang, "settings": [each.setting for each in found]}
        yield Found("signs", "signs_differ", fine=False, facts=facts)
    elif hang:
        yield Found("signs", "signs_agree", fine=True, facts={"n": hang})


def _holds(at: Installation) -> Iterator[Found]:
    """Whether what is held is told elsewhere too."""
    with at.database.read() as session:
        late = session.scalar(
            sa.select(sa.func.count()).where(
                HoldMirror.revision != HoldMirror.mirrored, HoldMirror.last_error.is_not(None)
            )
        )
    if late:
        yield Found("holds", "holds_late", fine=False, facts={"n": late})
        return
    try:
        in_store = at.store.supports_legal_hold()
    except (Refused, StoreError):
        return  # what is wrong with the store has been said
    yield Found("holds", "holds_mirrored" if in_store else "holds_not_in_store", fine=in_store)


def _counted(part: str, verdict: str, number: int, if_none: str) -> Found:
    return Found(part, verdict, fine=False, facts={"n": number}) if number else Found(part, if_none, fine=True)

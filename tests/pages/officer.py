"""What the officer's pages have to show: something held, waiting, deleted, found, declined."""

from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from app.auth.people import give_access
from storage.findings import note_finding
from storage.ledger.log import sequence
from storage.models import Call, Centre, Recording, StoredObject
from storage.notice_drafts import keep_draft
from storage.publication import Draft, publish
from storage.retention.card_data import approve, ask
from storage.retention.holds import Why, hold_objects, lift
from storage.retention.publish import set_policy
from tests.pages.people import PASSWORD_HASH, Town
from tests.practice.customer import wav

# A page with something on it: its name, its address.
Shown = tuple[str, str]
OFFICERS = {"olga": None, "here": "ast", "there": "alm"}


def more_officers(town: Town) -> None:
    """Olga, an officer of all centres beside Pavel; one of Astana, and one of Almaty."""
    with town.house.at.database.begin() as session:
        for name, code in OFFICERS.items():
            centre = session.scalars(sa.select(Centre).where(Centre.code == code)).one() if code else None
            give_access(
                session,
                email=f"{name}@example.com",
                role="privacy_officer",
                centre=centre,
                password_hash=PASSWORD_HASH,
                now=town.house.clock.now(),
            )


def pages_with_something(town: Town) -> list[Shown]:
    """Every page of the officer that an address leads to. Olga must be there."""
    gone, other = stored(town), stored(town, "opt_out", "kk")
    town.house.call("stay", "kk", "hangup-during-notice")
    town.house.call("opt_out", "ru", "press:2")
    town.house.work_for(30)
    deleted(town, gone)
    held = hold(town, town.kept.id, "A-17/2026")
    before = hold(town, other, "A-12/2026", "olga")
    lifted(town, before)
    waiting = waits(town, "olga")
    found(town)
    purged, asked_for = asked_purge(town, done=True), asked_purge(town, by="olga")
    town.house.work()
    placed(town)
    return [
        ("evidence", f"/calls/{call_of(town, town.kept.id)}/evidence"),
        ("holds", "/holds"),
        ("hold-new", "/holds/new"),
        ("hold", f"/holds/{held}"),
        ("hold-lifted", f"/holds/{before}"),
        ("purges", "/purges"),
        ("purge-new", f"/purges/new?object={town.kept.id}"),
        ("purge-done", f"/purges/{purged}"),
        ("purge", f"/purges/{asked_for}"),
        ("policies", "/policies"),
        ("policy-new", "/policies/new"),
        ("policy", f"/policies/{waiting}"),
        ("receipts", "/receipts"),
        ("receipt", f"/receipts/{gone}"),
        ("ledger", "/ledger"),
        ("leaf", "/ledger/0"),
        ("notices", "/notices"),
        ("notice", "/notices/stay-ru-2"),
        ("notice-new", "/notices/new?kind=notice&mode=stay&language=ru"),
        ("notice-draft", f"/notices/drafts/{draft(town)}"),
        ("findings", "/findings"),
        ("declined", "/declined"),
    ]


def hold(town: Town, object_id: str, case: str, by: str = "pavel") -> str:
    """A hold of one object."""
    now = town.house.clock.now()
    with town.house.at.database.begin() as session:
        why = Why(case, "asked for in a complaint", town.person(by).id, now + timedelta(days=90))
        return hold_objects(session, [object_id], why, now).id


def lifted(town: Town, hold_id: str) -> None:
    """It, lifted."""
    with town.house.at.database.begin() as session:
        lift(session, hold_id, "the complaint is settled", town.house.clock.now())


def stored(town: Town, mode: str = "stay", language: str = "ru") -> str:
    """The recording of another call."""
    before = {each.id for each in town.house.objects()}
    town.house.call(mode, language)
    town.house.work()
    (new,) = [each.id for each in town.house.objects() if each.id not in before]
    return new


def deleted(town: Town, object_id: str) -> None:
    """It, deleted as its date has come."""
    past = town.house.clock.now() - timedelta(seconds=1)
    with town.house.at.database.begin() as session:
        session.execute(sa.update(StoredObject).where(StoredObject.id == object_id).values(delete_after=past))
    town.house.work()


def waits(town: Town, by: str = "pavel", window: str = "P2Y") -> str:
    """A policy that keeps longer, and waits."""
    with town.house.at.database.begin() as session:
        change = set_policy(
            session,
            purpose="training",
            window=window,
            reason="longer lessons",
            centre=None,
            now=town.house.clock.now(),
            dry_run=False,
            asked_by=lambda: town.person(by).id,
        )
    assert change.proposal is not None
    return change.proposal.policy_id


def asked_purge(town: Town, by: str = "pavel", *, done: bool = False) -> str:
    """A purge of a recording that is held, which waits; or one that is done."""
    object_id, now = stored(town), town.house.clock.now()
    hold(town, object_id, "A-21/2026")
    with town.house.at.database.begin() as session:
        row = session.get_one(StoredObject, object_id)
        made = ask(session, row, [(0, 500), (1000, 1500)], 2000, "a card is heard", town.person(by).id, now)
        if done:
            approve(session, made.id, made.request_sha256, town.person("olga").id, now)
    town.house.work()
    return made.id


def found(town: Town, subject: str = "RE00") -> None:
    """Something to look at."""
    with town.house.at.database.begin() as session:
        note_finding(session, "recording_gone", subject, "The carrier has it no more.", town.house.clock.now())


def placed(town: Town) -> None:
    """Every leaf, in its place."""
    with town.house.at.database.begin() as session:
        while sequence(session):
            pass


def call_of(town: Town, object_id: str) -> str:
    """The id of the call that a recording is of."""
    query = sa.select(Call.id).join(Recording, Recording.call_id == Call.id).where(Recording.object_id == object_id)
    found_id: str = town.house.ask(lambda s: s.scalars(query).one())
    return found_id


def draft(town: Town, by: str = "pavel") -> str:
    """A draft of a notice, where another one is scheduled already."""
    now, words = town.house.clock.now(), "Разговор может быть записан в целях обучения сотрудников."
    with town.house.at.database.begin() as session:
        what = Draft("notice", "stay", "ru", words, wav(4.0), 4000, False)
        publish(session, what, now, now + timedelta(days=9))
        another = replace(what, text=words + " Не согласны – положите трубку.", wav=wav(5.0, 330.0))
        return keep_draft(session, another, town.person(by).id, now).id

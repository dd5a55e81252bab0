"""`ledger verify` on a lived-in house: a changed row, leaf, date, object or history is found, and named (I10)."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.ledger.checkpoint import Checkpoint
from storage.ledger.log import append, commitment, leaf_data, sequence
from storage.ledger.tree import completed, leaf_hash
from storage.ledger.verify import check_media
from storage.models import (
    Call,
    ConsentRecord,
    Leaf,
    LeafOpening,
    NoticeVersion,
    Receipt,
    RetentionPolicy,
    SignedCheckpoint,
    StoredObject,
    TreeNode,
)
from storage.playback import whole
from storage.retention.dates import wrong_dates
from storage.retention.publish import set_policy
from tests.house import House


@pytest.fixture
def lived(house: House) -> House:
    """Calls that were recorded, declined, deleted; a checkpoint that was given out."""
    house.call("stay", "kk", "listen")
    house.call("opt_in", "ru", "press:2")
    house.work()
    with house.at.database.begin() as session:
        for purpose in ("training", "quality"):
            set_policy(
                session,
                purpose=purpose,
                window="PT60S",
                reason="a test",
                centre=None,
                now=house.clock.now(),
                dry_run=False,
            )
    house.work_for(90, 30)
    house.call("stay", "en", "listen")
    house.work()
    with house.at.database.begin() as session:
        while sequence(session):
            pass
        house.at.ledger.checkpoint(session, given=True)
    return house


def found(house: House, against: Checkpoint | None = None) -> list[str]:
    problems = [str(problem) for problem in house.at.verification.problems(against)]
    with house.at.database.read() as session:
        problems += [f"object {object_id}: {wrong}" for object_id, wrong in wrong_dates(session)]
        rows = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).all()
    for row in rows:
        item = whole(row)
        wrong = check_media(row.sha256 or "", partial(house.at.playback.read, item))
        if wrong is not None:
            problems.append(f"object {row.id}: its content {wrong}")
    return problems


def test_a_house_that_was_left_alone_is_as_it_was_told(lived: House) -> None:
    assert found(lived) == []
    assert lived.at.verification.leaves > 30


def one(session: Session, model: type) -> object:
    return session.scalars(sa.select(model).order_by(model.id.desc())).first()  # type: ignore[attr-defined]


def change_consent(session: Session) -> None:
    record = session.scalars(sa.select(ConsentRecord)).first()
    assert record is not None
    record.expressed_by = "pressed_1" if record.expressed_by == "stayed" else "stayed"


def change_outcome(session: Session) -> None:
    call = session.scalars(sa.select(Call).where(Call.outcome == "declined_key")).one()
    call.outcome = "unrecorded"


def change_notice(session: Session) -> None:
    version = session.scalars(sa.select(NoticeVersion)).first()
    assert version is not None
    version.text += " (or so)"


def change_policy(session: Session) -> None:
    policy = session.scalars(sa.select(RetentionPolicy).where(RetentionPolicy.purpose == "evidence")).one()
    policy.window = "P9Y"


def change_receipt(session: Session) -> None:
    row = session.scalars(sa.select(Receipt)).one()
    row.content = row.content | {"cause": "nobody knows"}


def change_object(session: Session) -> None:
    row = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).one()
    row.sha256 = "0" * 64


def change_date(session: Session) -> None:
    from datetime import timedelta

    row = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).one()
    assert row.delete_after is not None
    row.delete_after += timedelta(days=1)


def change_purpose(session: Session) -> None:
    from datetime import timedelta

    row = session.scalars(sa.select(StoredObject).where(StoredObject.state == "stored")).one()
    row.purposes[0].until += timedelta(days=1)


def change_opening(session: Session) -> None:
    opening = session.scalars(sa.select(LeafOpening)).first()
    assert opening is not None
    opening.facts = opening.facts | {"added": True}


def change_leaf(session: Session) -> None:
    leaf = session.scalars(sa.select(Leaf).where(Leaf.position == 7)).one()
    leaf.kind = "nothing_happened"


def drop_leaf(session: Session) -> None:
    leaf = session.scalars(sa.select(Leaf).where(Leaf.position == 7)).one()
    session.execute(sa.delete(LeafOpening).where(LeafOpening.leaf_id == leaf.id))
    session.delete(leaf)


def cut_tree(session: Session) -> None:
    session.execute(sa.delete(LeafOpening).where(LeafOpening.leaf_id.in_(sa.select(Leaf.id).where(Leaf.position > 20))))
    session.execute(sa.delete(Receipt))
    session.execute(sa.delete(Leaf).where(Leaf.position > 20))


def change_node(session: Session) -> None:
    node = session.get_one(TreeNode, (2, 1))
    node.hash = bytes(32)


CHANGES: list[tuple[Callable[[Session], None], str]] = [
    (change_consent, "expressed_by"),
    (change_outcome, "outcome"),
    (change_notice, "text_sha256"),
    (change_policy, "window"),
    (change_receipt, "cause"),
    (change_object, "sha256"),
    (change_date, "deletion date"),
    (change_purpose, "its end for"),
    (change_opening, "not what it committed to"),
    (change_leaf, "leaf 7"),
    (drop_leaf, "leaf 7: is missing"),
    (cut_tree, "history was rewritten"),
    (change_node, "tree node (2, 1)"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_i10_what_was_changed_is_found_and_named(lived: House, change: Callable[[Session], None], named: str) -> None:
    with lived.at.database.begin() as session:
        change(session)
    problems = found(lived)
    assert problems
    assert any(named in problem for problem in problems), problems


def test_i10_a_history_rewritten_with_all_its_hashes_contradicts_a_checkpoint(lived: House) -> None:
    """Whoever owns the database can make it consistent again, but not with what somebody else has kept."""
    with lived.at.database.begin() as session:
        kept = lived.at.ledger.open(lived.at.ledger.checkpoint(session).note)
        session.execute(sa.delete(SignedCheckpoint))
        call = session.scalars(sa.select(Call).where(Call.outcome == "declined_key")).one()
        leaf, opening = session.execute(
            sa.select(Leaf, LeafOpening)
            .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
            .where(Leaf.kind == "call_settled", LeafOpening.subject_id == call.id)
        ).one()
        call.outcome = "unrecorded"
        opening.facts = opening.facts | {"outcome": "unrecorded"}
        leaf.commitment = commitment(opening.salt, opening.facts)
        session.flush()
        session.execute(sa.delete(TreeNode))
        nodes: dict[tuple[int, int], bytes] = {}
        for each in session.scalars(sa.select(Leaf).order_by(Leaf.position)).all():
            assert each.position is not None
            value = leaf_hash(leaf_data(each.id, each.kind, each.at, each.commitment))
            for level, index, node in completed(each.position, value, lambda lv, i: nodes[lv, i]):
                nodes[level, index] = node
                session.add(TreeNode(level=level, index=index, hash=node))
    assert found(lived) == []
    assert any("history was rewritten" in problem for problem in found(lived, kept))


def test_a_ledger_that_only_grew_fits_an_older_checkpoint(lived: House) -> None:
    with lived.at.database.begin() as session:
        kept = lived.at.ledger.open(lived.at.ledger.checkpoint(session).note)
        append(session, "finding", "something", lived.clock.now(), {"kind": "a", "subject": "b"})
        sequence(session)
    assert found(lived, kept) == []


def test_media_that_was_changed_in_the_store_is_found(lived: House, tmp_path: Path) -> None:
    (row,) = [row for row in lived.objects() if row.state == "stored"]
    assert row.key is not None
    assert row.cipher_bytes is not None
    sealed = bytearray(b"".join(lived.at.store.read(row.key, 0, row.cipher_bytes)))
    sealed[-100] ^= 1
    path = tmp_path / "sealed"
    path.write_bytes(bytes(sealed))
    # Over it alone would not do: where the bucket keeps versions, the one that was stored is read by its name.
    lived.at.store.remove(list(lived.at.store.versions(row.key)))
    with path.open("rb") as file:
        lived.at.store.put(row.key, file, len(sealed))
    assert any("cannot be read: SealBroken" in problem for problem in found(lived))


def test_a_leaf_that_waits_for_its_place_is_verified_too(lived: House) -> None:
    """Of two that wait, told of one subject at one moment, the row follows the one that will be placed last."""
    version = lived.ask(lambda s: s.scalars(sa.select(NoticeVersion)).first())
    with lived.at.database.begin() as session:
        for _ in range(2):
            append(session, "notice_published", version.id, lived.clock.now(), {"told": "wrongly"})
    (problem,) = found(lived)
    assert problem.startswith("leaf ")
    assert "the row says something else now" in problem

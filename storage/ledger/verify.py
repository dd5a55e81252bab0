"""Is the ledger what it was, and do the rows and the media say what it told? Every leaf is reckoned anew.

What is found is said with its place, so that a person can look: a rewritten history, a changed leaf, a changed row, a
changed date, changed or missing media.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.database import Database
from storage.ledger import tree
from storage.ledger.checkpoint import Checkpoint, NoteWrong
from storage.ledger.ledger import Ledger
from storage.ledger.log import commitment, leaf_data
from storage.models import Leaf, LeafOpening, SignedCheckpoint, TreeNode

AT_ONCE = 2000
LEAF = (Leaf.id, Leaf.position, Leaf.kind, Leaf.at, Leaf.commitment)
Retell = Callable[[Session, str], Mapping[str, Any] | None]
"""Tells again, from the rows as they are now, what a leaf told of a subject; None if its row is gone."""


@dataclass(frozen=True)
class Problem:
    """Something that is not as it was told."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Verification:
    """One pass over everything. Reads only."""

    def __init__(self, database: Database, ledger: Ledger, retell: Mapping[str, Retell]) -> None:
        self._database = database
        self._ledger = ledger
        self._retell = retell
        self.leaves = 0

    def problems(self, against: Checkpoint | None = None) -> Iterator[Problem]:
        """Everything that is wrong.

        Args:
            against: a checkpoint that somebody else has kept; this tree must have grown out of it.
        """
        yield from self._tree(against)
        yield from self._openings()

    def _tree(self, against: Checkpoint | None) -> Iterator[Problem]:
        roots: dict[int, bytes] = {}
        with self._database.read() as session:
            signed = session.scalars(sa.select(SignedCheckpoint).order_by(SignedCheckpoint.size)).all()
            wanted = {row.size for row in signed} | ({against.size} if against is not None else set())
            nodes: dict[tuple[int, int], bytes] = {}
            for first, leaves in self._portions(session):
                kept = _kept_nodes(session, first, len(leaves))
                for offset, leaf in enumerate(leaves):
                    position = first + offset
                    if leaf.position != position:
                        yield Problem(f"leaf {position}", "is missing: the tree has a hole")
                        return
                    value = tree.leaf_hash(leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment))
                    for level, index, reckoned in tree.completed(position, value, lambda lv, i: nodes[lv, i]):
                        nodes[level, index] = reckoned
                        if kept.get((level, index)) != reckoned:
                            what = (
                                "is not the leaf that was placed" if level == 0 else "does not follow from its leaves"
                            )
                            where = f"leaf {position}" if level == 0 else f"tree node ({level}, {index})"
                            yield Problem(where, what)
                    self.leaves = position + 1
                    if self.leaves in wanted:
                        roots[self.leaves] = tree.root(self.leaves, lambda lv, i: nodes[lv, i])
        yield from self._checkpoints(signed, roots, against)

    def _portions(self, session: Session) -> Iterator[tuple[int, Sequence[Any]]]:
        first = 0
        while some := session.execute(
            sa.select(*LEAF).where(Leaf.position >= first).order_by(Leaf.position).limit(AT_ONCE)
        ).all():
            yield first, some
            first += len(some)

    def _checkpoints(
        self, signed: Iterable[SignedCheckpoint], roots: Mapping[int, bytes], against: Checkpoint | None
    ) -> Iterator[Problem]:
        for row in signed:
            where = f"checkpoint over {row.size} leaves"
            try:
                told = self._ledger.open(row.note)
            except NoteWrong as error:
                yield Problem(where, str(error))
                continue
            if told.size != row.size or told.root != roots.get(row.size):
                yield Problem(where, "the leaves are not what was signed: history was rewritten")
        if against is not None and roots.get(against.size) != against.root:
            grown = f"the ledger has {self.leaves} leaves, the checkpoint {against.size}"
            what = grown if against.size > self.leaves else "the leaves are not what they were: history was rewritten"
            yield Problem("the checkpoint given", what)

    def _openings(self) -> Iterator[Problem]:
        last = ""
        while True:
            with self._database.read() as session:
                some = session.execute(
                    sa.select(*LEAF, LeafOpening.subject_id, LeafOpening.salt, LeafOpening.facts)
                    .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
                    .where(Leaf.id > last)
                    .order_by(Leaf.id)
                    .limit(AT_ONCE)
                ).all()
                for told in some:
                    yield from self._opening(session, told)
            if not some:
                return
            last = some[-1].id

    def _opening(self, session: Session, told: Any) -> Iterator[Problem]:  # noqa: ANN401 - a row of leaf and opening
        where = f"leaf {told.position if told.position is not None else told.id} ({told.kind} of {told.subject_id})"
        if commitment(told.salt, told.facts) != told.commitment:
            yield Problem(where, "what it tells is not what it committed to")
            return
        retell = self._retell.get(told.kind)
        if retell is None or _is_older(session, told, told.subject_id):
            return
        now = retell(session, told.subject_id)
        if now is None:
            yield Problem(where, "the row that it tells of is gone without a trace")
            return
        changed = sorted(name for name in {*now, *told.facts} if now.get(name) != told.facts.get(name))
        if changed:
            yield Problem(where, f"the row says something else now: {', '.join(changed)}")


def _kept_nodes(session: Session, first: int, count: int) -> dict[tuple[int, int], bytes]:
    """The tree nodes that these leaves completed, as the database has them."""
    found: dict[tuple[int, int], bytes] = {}
    last = first + count
    for level in range(last.bit_length() + 1):
        begin, end = ((first + 1 + (1 << level) - 1) >> level) - 1, last >> level
        rows = session.execute(
            sa.select(TreeNode.index, TreeNode.hash).where(
                TreeNode.level == level, TreeNode.index >= max(0, begin), TreeNode.index < end
            )
        )
        found |= {(level, index): value for index, value in rows}
    return found


def _is_older(session: Session, leaf: Any, subject_id: str) -> bool:  # noqa: ANN401 - a row
    """Whether a later leaf of the same kind tells of the same subject: then the row follows that one."""
    # A leaf without a place yet comes after all that have one; among such, the sequencer goes by the id.
    if leaf.position is None:
        behind = Leaf.position.is_(None) & (Leaf.id > leaf.id)
    else:
        behind = Leaf.position.is_(None) | (Leaf.position > leaf.position)
    later = (
        sa.select(Leaf.id)
        .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
        .where(LeafOpening.subject_id == subject_id, Leaf.kind == leaf.kind, Leaf.id != leaf.id)
        .where(sa.or_(Leaf.at > leaf.at, sa.and_(Leaf.at == leaf.at, behind)))
    )
    return session.scalar(later.limit(1)) is not None


def check_media(sha256: str, opened: Callable[[], Iterable[bytes]]) -> str | None:
    """What is wrong with an object's plain content, which `opened` reads, or None."""
    digest = hashlib.sha256()
    try:
        for chunk in opened():
            digest.update(chunk)
    except Exception as error:  # noqa: BLE001 - whatever keeps it from being read is the finding
        return f"cannot be read: {type(error).__name__}: {error}"
    return None if digest.hexdigest() == sha256 else "is not what was stored"

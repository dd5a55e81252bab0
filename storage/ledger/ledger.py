"""The ledger of an installation: its signing key, its checkpoints, its proofs."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from config.clock import Clock
from storage.errors import NotFound
from storage.ledger import tree
from storage.ledger.checkpoint import Checkpoint, format_proof, open_checkpoint, sign, verifier_key
from storage.ledger.log import nodes, reader, size
from storage.models import Leaf, SignedCheckpoint
from storage.objects.master_key import load_master_key


class Ledger:
    """Signs what the tree is. The key's seed lies in a file outside any database, made at first use."""

    def __init__(self, key_file: Path, origin: str, clock: Clock) -> None:
        self._key_file = key_file
        self._origin = origin
        self._clock = clock

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(load_master_key(self._key_file))

    def verifier(self) -> str:
        """The public key as text, for whoever checks."""
        return verifier_key(self._origin, self._key().public_key())

    def checkpoint(self, session: Session, *, given: bool = False) -> SignedCheckpoint:
        """The checkpoint over all leaves that have their place: signed now, unless it has been already.

        Args:
            session: a transaction that may write.
            given: a copy goes to somebody else with this: from then on a rewritten history can be found out.

        Raises:
            NotFound: while the ledger is empty.
        """
        leaves = size(session)
        if leaves == 0:
            raise NotFound("the ledger is empty yet")
        row = session.get(SignedCheckpoint, leaves)
        if row is None:
            root = tree.root(leaves, reader(session))
            note = sign(Checkpoint(self._origin, leaves, root), self._key())
            row = SignedCheckpoint(size=leaves, root=root, note=note, signed_at=self._clock.now())
            session.add(row)
        if given and row.given_at is None:
            row.given_at = self._clock.now()
        session.flush()
        return row

    def proof(self, session: Session, index: int) -> str:
        """The proof of the leaf at `index`, as a file to give out, under the newest checkpoint.

        Raises:
            NotFound: if no leaf has that place.
        """
        found = session.scalar(sa.select(Leaf.id).where(Leaf.position == index))
        if found is None:
            raise NotFound("no leaf has the place {place} (yet): a leaf gets its place within a second", place=index)
        row = self.checkpoint(session, given=True)
        return format_proof(index, tree.inclusion_proof(index, row.size, reader(session)), row.note)

    def proofs(self, session: Session, places: Sequence[int], checkpoint: SignedCheckpoint) -> dict[int, str]:
        """The proofs of many leaves under one checkpoint, by their places; few questions, however many they are.

        The session may be one that reads alone. Who gives them out says so by `give`.

        Raises:
            ValueError: if one of them is not in that checkpoint's tree.
        """
        # Which nodes a proof takes follows from the places alone.
        wanted: set[tuple[int, int]] = set()

        def note(level: int, index: int) -> tree.Hash:
            wanted.add((level, index))
            return b""

        for place in places:
            tree.inclusion_proof(place, checkpoint.size, note)
        known = nodes(session, wanted)
        read = reader(session, known)
        return {
            place: format_proof(place, tree.inclusion_proof(place, checkpoint.size, read), checkpoint.note)
            for place in places
        }

    def give(self, session: Session, size: int) -> None:
        """Note that somebody else gets a copy of a checkpoint: from then on a rewritten history can be found out."""
        row = session.get_one(SignedCheckpoint, size)
        if row.given_at is None:
            row.given_at = self._clock.now()

    def open(self, note: str) -> Checkpoint:
        """A checkpoint that we signed ourselves, from its text.

        Raises:
            NoteWrong: if we did not.
        """
        return open_checkpoint(note, self.verifier())

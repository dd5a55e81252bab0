"""Data keys: one age identity for each object, wrapped by a master key, in a database of their own.

Destroying a key makes every copy of its object unreadable, wherever it is: the store's volumes before their vacuum,
backups, a disk that was taken away. For that, the key itself must go for good:

- SQLite: a file of its own, a rollback journal (in WAL mode deleted keys stay in the `-wal` file, tried), and
  `secure_delete`. A key is *overwritten in its place* by zeros of the same length, never deleted or shortened: rows
  that move when a page is rebuilt could leave a copy in the page's unused part. The zeros are also the memory that
  there was a key, so a late intake cannot make a new one for a deleted object.
- PostgreSQL: the old row version stays until VACUUM, the write-ahead log and backups keep it longer. `erased_at_once`
  tells the two apart, for the receipt.

The journal's own blocks, once unlinked, and an SSD's spare cells are beyond us. What they hold is wrapped.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from config.clock import Clock
from storage.objects import key_tables
from storage.objects.cipher import ObjectKey, key_of, new_identity
from storage.objects.key_database import KeysUnavailable, engine_for, translated
from storage.objects.key_problems import KeyDestroyed, KeyHeld, KeyMissing, KeyProblem, KeyUnreadable
from storage.objects.key_tables import data_key, key_metadata, key_ring
from storage.objects.master_key import MasterKeyRefused, load_master_key

__all__ = [
    "KeyDestroyed",
    "KeyHeld",
    "KeyMissing",
    "KeyProblem",
    "KeyRing",
    "KeyUnreadable",
    "KeysUnavailable",
    "MasterKeyRefused",
    "data_key",
    "key_metadata",
    "key_ring",
    "load_master_key",
]

NONCE_BYTES = 12
# Every wrapped key has the same length: nonce, an age identity (always 74 characters), tag.
WRAPPED_BYTES = NONCE_BYTES + 74 + 16
DESTROYED = bytes(WRAPPED_BYTES)


class KeyRing:
    """The data keys of one installation. Engines are made at first use, one per process: never carried over a fork."""

    def __init__(self, database: str | Engine, master_key: bytes, clock: Clock) -> None:
        if len(master_key) != 32:
            raise ValueError("the master key has 32 bytes")
        self._database = database
        self._wrap = AESGCM(master_key)
        self._wrap_id = sha256(b"eskertu master key id" + master_key).hexdigest()[:16]
        self._clock = clock
        self._engines: dict[int, Engine] = {}

    @property
    def erased_at_once(self) -> bool:
        """Whether a destroyed key is gone from the database's files when `destroy` returns (else after a VACUUM)."""
        return self._engine().dialect.name == "sqlite"

    def create_all(self) -> None:
        """Make the database and its table where they are missing. Can be repeated. The file is its owner's alone."""
        engine = self._engine()
        if engine.dialect.name == "sqlite" and engine.url.database not in {None, "", ":memory:"}:
            path = Path(str(engine.url.database))
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        with self._writing() as connection:
            key_metadata.create_all(connection)

    def ring_id(self) -> str:
        """A random name of this key database, made at first use.

        The main database remembers it: keys that were looked for in another machine's empty database would seem to be
        destroyed, and receipts would say so. Raises `KeysUnavailable`.
        """
        with self._writing() as connection:
            name = connection.scalar(select(key_ring.c.name))
            if name is None:
                name = os.urandom(8).hex()
                connection.execute(insert(key_ring).values(number=1, name=name))
            return name

    def create(self, object_id: str) -> ObjectKey:
        """The object's key, made if there is none yet. Raises `KeyDestroyed`, `KeyUnreadable`, `KeysUnavailable`."""
        fresh = new_identity()
        row = {
            "object_id": object_id,
            "wrapped": self._wrapped(object_id, fresh),
            "wrap_id": self._wrap_id,
            "created_at": self._clock.now().astimezone(UTC),
        }
        try:
            with self._writing() as connection:
                if self._row(connection, object_id) is None:
                    connection.execute(insert(data_key).values(row))
                    return fresh
        except IntegrityError:
            pass  # PostgreSQL: another process was quicker between our question and our insert
        return self.get(object_id)

    def get(self, object_id: str) -> ObjectKey:
        """The object's key. Raises `KeyMissing`, `KeyDestroyed`, `KeyUnreadable`, `KeysUnavailable`."""
        with self._reading() as connection:
            row = self._row(connection, object_id)
        if row is None:
            raise KeyMissing(f"no key for {object_id}")
        if row[0] == DESTROYED:
            raise KeyDestroyed(f"the key of {object_id} was destroyed")
        return self.unwrap(object_id, *row)

    def unwrap(self, object_id: str, wrapped: bytes, wrap_id: str) -> ObjectKey:
        """The key in a row of `data_key` that was not destroyed. Raises `KeyUnreadable`."""
        try:
            identity = self._wrap.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], object_id.encode())
        except InvalidTag as error:
            other = "" if wrap_id == self._wrap_id else f": wrapped by master key {wrap_id}, ours is {self._wrap_id}"
            raise KeyUnreadable(f"the key of {object_id} does not open{other}") from error
        return key_of(identity.decode())

    def destroy(self, object_id: str) -> None:
        """`destroy_all` of one."""
        self.destroy_all([object_id])

    def destroy_all(self, object_ids: Sequence[str]) -> None:
        """Overwrite these keys, in one transaction; where there is none yet, see to it that there never will be.

        An object can be on its way out while a slow intake is about to make its key: `create` raises from now on.
        Can be repeated. Raises `KeysUnavailable` (then none of them is destroyed), and `KeyHeld`: those that are marked
        as held are not, the others are.
        """
        try:
            held = self._destroy(object_ids)
        except IntegrityError:  # PostgreSQL: a key was made between our question and our insert; now it is there
            held = self._destroy(object_ids)
        if held:
            raise KeyHeld(held)

    def _destroy(self, object_ids: Sequence[str]) -> list[str]:
        held: list[str] = []
        with self._writing() as connection:
            for some in key_tables.portions(object_ids):
                known = key_tables.wrapped_for_change(connection, some)
                alive = [each for each in some if known.get(each) != DESTROYED]
                marked = key_tables.marked_among(connection, alive)
                held += sorted(marked)
                going = [each for each in alive if each in known and each not in marked]
                connection.execute(update(data_key).where(data_key.c.object_id.in_(going)).values(wrapped=DESTROYED))
                gone = {"wrapped": DESTROYED, "wrap_id": self._wrap_id, "created_at": self._clock.now().astimezone(UTC)}
                if never_made := [gone | {"object_id": each} for each in alive if each not in known]:
                    connection.execute(insert(data_key), never_made)
        return held

    def hold(self, object_id: str) -> None:
        """Mark the key: `destroy` refuses from now on. Can be repeated.

        Raises `KeyMissing`, `KeyDestroyed`, `KeysUnavailable`.
        """
        with self._writing() as connection:
            wrapped = key_tables.wrapped_for_change(connection, [object_id]).get(object_id)
            if wrapped is None:
                raise KeyMissing(f"no key for {object_id}")
            if wrapped == DESTROYED:
                raise KeyDestroyed(f"the key of {object_id} was destroyed")
            key_tables.mark(connection, object_id, self._clock.now().astimezone(UTC))

    def release(self, object_id: str) -> None:
        """Take the mark off. Can be repeated. Raises `KeysUnavailable`."""
        with self._writing() as connection:
            key_tables.unmark(connection, object_id)

    def is_held(self, object_id: str) -> bool:
        """Whether the key is marked as held. Raises `KeysUnavailable`."""
        with self._reading() as connection:
            return bool(key_tables.marked_among(connection, [object_id]))

    def held_among(self, object_ids: Sequence[str]) -> set[str]:
        """Those whose keys are marked as held. Raises `KeysUnavailable`."""
        with self._reading() as connection:
            return {
                each for some in key_tables.portions(object_ids) for each in key_tables.marked_among(connection, some)
            }

    def held_ids(self) -> Iterator[str]:
        """The objects whose keys are marked, sorted, read in pages."""
        after = ""
        while True:
            with self._reading() as connection:
                page = key_tables.marked_after(connection, after, 1000)
            if not page:
                return
            yield from page
            after = page[-1]

    def fates(self, object_ids: Sequence[str]) -> dict[str, bool]:
        """Of some objects: True, there is a key; False, it was destroyed; not in it, none ever was.

        Raises `KeysUnavailable`.
        """
        with self._reading() as connection:
            return {
                object_id: wrapped != DESTROYED
                for some in key_tables.portions(object_ids)
                for object_id, wrapped in key_tables.wrapped_of(connection, some).items()
            }

    def exists(self, object_id: str) -> bool:
        """Whether there is a key that was not destroyed."""
        return bool(self.existing([object_id]))

    def existing(self, object_ids: Sequence[str]) -> set[str]:
        """Those of them that have a key which was not destroyed. Raises `KeysUnavailable`."""
        return {object_id for object_id, lives in self.fates(object_ids).items() if lives}

    def object_ids(self, created_before: datetime | None = None) -> Iterator[str]:
        """The objects that have a key, sorted, read in pages so that no transaction stays open. For the reconciler."""
        after = ""
        while True:
            wanted = (
                select(data_key.c.object_id)
                .where(data_key.c.object_id > after, data_key.c.wrapped != DESTROYED)
                .order_by(data_key.c.object_id)
                .limit(1000)
            )
            if created_before is not None:
                wanted = wanted.where(data_key.c.created_at < created_before.astimezone(UTC))
            with self._reading() as connection:
                page = list(connection.scalars(wanted))
            if not page:
                return
            yield from page
            after = page[-1]

    def check(self) -> None:
        """Whether the database answers, and our master key is the one that its keys are wrapped by.

        A lost master key file is made anew at the next start: this is what tells, before anything is recorded with it.
        Raises `KeyUnreadable`, `KeysUnavailable`.
        """
        others = (
            select(func.count())
            .select_from(data_key)
            .where(data_key.c.wrap_id != self._wrap_id, data_key.c.wrapped != DESTROYED)
        )
        with self._reading() as connection:
            count = connection.scalar(others)
        if count:
            raise KeyUnreadable(f"{count} keys are wrapped by another master key: put the right key file back")

    def close(self) -> None:
        """Give back this process's connections. The ring can be used again afterwards."""
        engine = self._engines.pop(os.getpid(), None)
        if engine is not None:
            engine.dispose()

    def _wrapped(self, object_id: str, key: ObjectKey) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        # The object's id is authenticated: a key moved to another row does not open there.
        wrapped = nonce + self._wrap.encrypt(nonce, key.identity.encode(), object_id.encode())
        if len(wrapped) != WRAPPED_BYTES:
            raise ValueError("an age identity of an unexpected length could not be overwritten in its place")
        return wrapped

    @staticmethod
    def _row(connection: Connection, object_id: str) -> tuple[bytes, str] | None:
        wanted = select(data_key.c.wrapped, data_key.c.wrap_id).where(data_key.c.object_id == object_id)
        row = connection.execute(wanted).one_or_none()
        return None if row is None else (bytes(row[0]), str(row[1]))

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with translated(), self._engine().connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with translated(), self._engine().connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def _engine(self) -> Engine:
        if isinstance(self._database, Engine):
            return self._database
        engine = self._engines.get(os.getpid())
        if engine is None:
            engine = self._engines[os.getpid()] = engine_for(self._database)
        return engine

"""Objects as an installation has them after some time, written in bulk: rows, keys, and (if wanted) bytes."""

import io
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import sqlalchemy as sa

from app.wiring import Installation
from storage.models import ObjectPurpose, RetentionPolicy, StoredObject
from storage.models.columns import random_id
from storage.objects.cipher import new_identity
from storage.objects.keys import data_key
from storage.objects.store import key_of_attempt
from tests.bench import ground
from tests.seaweed import Seaweed

SEALED = secrets.token_bytes(4096)
AT_ONCE = 5000


def add_objects(at: Installation, centre_id: str, ids: Sequence[str], delete_after: datetime) -> None:
    """Rows and keys of stored objects, whose purposes end at `delete_after`."""
    now = datetime.now(UTC)
    with at.database.begin() as session:
        policy_id = session.scalars(sa.select(RetentionPolicy.id)).first()
        session.execute(sa.insert(StoredObject), [_row(centre_id, each, delete_after, now) for each in ids])
        purposes = [
            {"object_id": each, "purpose": purpose, "until": delete_after, "policy_id": policy_id}
            for each in ids
            for purpose in ("quality", "training")
        ]
        session.execute(sa.insert(ObjectPurpose), purposes)
    wrapped = at.keys._wrapped(ids[0], new_identity())  # opens for one of them: nobody opens any here
    keys = [{"object_id": each, "wrapped": wrapped, "wrap_id": at.keys._wrap_id, "created_at": now} for each in ids]
    with at.keys._writing() as connection:
        connection.execute(sa.insert(data_key), keys)


def _row(centre_id: str, object_id: str, delete_after: datetime, now: datetime) -> dict[str, Any]:
    return {
        "id": object_id,
        "kind": "recording",
        "centre_id": centre_id,
        "source_id": "line",
        "state": "stored",
        "bucket": ground.BUCKET,
        "key": key_of_attempt(object_id, 1),
        "attempt": 1,
        "content_type": "audio/wav",
        "bytes": 3500,
        "sha256": "0" * 64,
        "cipher_bytes": len(SEALED),
        "began_at": now,
        "counted_from": now,
        "arrived_at": now,
        "stored_at": now,
        "delete_after": delete_after,
        "holds": 0,
    }


def put(seaweed: Seaweed, ids: Sequence[str], bucket: str = ground.BUCKET) -> None:
    """Bytes for each of them."""
    client = seaweed.client()

    def one(object_id: str) -> None:
        client.put_object(bucket, key_of_attempt(object_id, 1), io.BytesIO(SEALED), len(SEALED))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, ids))


def new_ids(count: int) -> list[str]:
    return [random_id() for _ in range(count)]


def in_portions(ids: Sequence[str]) -> Iterator[list[str]]:
    """As many at a time as fit into one statement."""
    waiting = iter(ids)
    while some := list(islice(waiting, AT_ONCE)):
        yield some


def past() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


def far() -> datetime:
    return datetime.now(UTC) + timedelta(days=365)

"""The object store behind the S3 API: the minio client, and nothing of it outside this file (and `s3_*.py`).

Memory: a few parts (`PART_BYTES`) are in hand at a time, whatever the object's size (`s3_parts.py`).
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import BinaryIO, cast

from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from urllib3 import PoolManager, Retry, Timeout

from storage.objects import s3_legal_hold, s3_parts, s3_uploads
from storage.objects.asking import Asking, at_once
from storage.objects.codes import ABSENT_CODES, CANNOT_LOCK_CODES
from storage.objects.s3_errors import translated
from storage.objects.sending import PART_BYTES, EtagOf, Sending
from storage.objects.store import (
    ObjectAbsent,
    Readable,
    Remaining,
    RemovalFailed,
    StoredCopy,
    StoredDiffers,
    StoredVersion,
    StoreError,
    StoreRefused,
    StoreUnavailable,
)

MOST_PARTS = 10_000  # S3's limit: 84 GB in parts of our size, larger parts above that
WINDOW_BYTES = 2 * 1024 * 1024  # what a reader holds in memory at a time
KEYS_PER_REMOVAL = 125  # a question takes 1,000; several smaller ones at once are sooner done


class S3Store:
    """One bucket of one S3 endpoint (`host:port`, no scheme). Clients are made after a fork, one per process.

    Raises `StoreRefused` at first use for an endpoint or a bucket name that cannot be one.
    """

    def __init__(
        self,
        endpoint: str,
        access_key: str,
        secret_key: str,
        bucket: str,
        *,
        region: str = "us-east-1",
        secure: bool = False,
    ) -> None:
        self.bucket = bucket
        self._endpoint = endpoint
        self._access_key = access_key
        self._secret_key = secret_key
        self._region = region
        self._secure = secure
        self._clients: dict[tuple[int, bool], Minio] = {}
        self._uploads = s3_uploads.Uploads(bucket)
        self._asking = Asking(self._listed)
        self._locks = False

    def __repr__(self) -> str:
        return f"S3Store({self._endpoint!r}, bucket={self.bucket!r})"

    def _client(self, *, quick: bool = False) -> Minio:
        """A client of this process: sockets must not be shared over a fork. `quick` fails within some 2 s."""
        found = self._clients.get((os.getpid(), quick))
        if found is not None:
            return found
        pool = PoolManager(
            maxsize=2 if quick else 16,
            timeout=Timeout(connect=1.0, read=2.0) if quick else Timeout(connect=5.0, read=60.0),
            # Few: whoever calls retries later, by its own row. POST (complete an upload) is never sent twice.
            retries=Retry(
                total=0 if quick else 2,
                redirect=False,
                backoff_factor=0.2,
                status_forcelist=[500, 502, 503, 504],
                raise_on_status=False,
            ),
        )
        with translated("connect"):
            client = Minio(
                self._endpoint, self._access_key, self._secret_key,
                secure=self._secure, region=self._region, http_client=pool,
            )  # fmt: skip
        self._clients[(os.getpid(), quick)] = client
        return client

    def ensure_bucket(self) -> None:
        with translated("ensure bucket"):
            if self._client().bucket_exists(self.bucket):
                return
            try:
                self._make_bucket()
            except S3Error as error:
                # Another process was quicker. A bucket of that name that belongs to somebody else is refused here.
                if error.code != "BucketAlreadyOwnedByYou" and not self._client().bucket_exists(self.bucket):
                    raise

    def _make_bucket(self) -> None:
        try:
            self._client().make_bucket(self.bucket, self._region, object_lock=True)
        except S3Error as error:
            if error.code not in CANNOT_LOCK_CODES:
                raise
            self._client().make_bucket(self.bucket, self._region)

    def supports_legal_hold(self) -> bool:
        # Asked until it is so: it never goes off again.
        self._locks = self._locks or s3_legal_hold.can(self._client(), self.bucket)
        return self._locks

    def set_legal_hold(self, key: str, version_id: str | None, *, on: bool) -> None:
        s3_legal_hold.put(self._client(), self.bucket, key, version_id or "null", on=on)

    def legal_hold(self, key: str, version_id: str | None) -> bool:
        return s3_legal_hold.lies_on(self._client(), self.bucket, key, version_id or "null")

    def put(self, key: str, source: Readable, length: int) -> StoredCopy:
        part_bytes = max(PART_BYTES, -(-length // MOST_PARTS))
        sent = Sending(source, length, part_bytes)
        client = self._client()
        try:
            with translated(f"put {key}"):
                if length > part_bytes:
                    version_id = s3_parts.put(client, self.bucket, key, sent, length, part_bytes)
                else:
                    # `read` is all that the client uses of it.
                    version_id = client.put_object(self.bucket, key, cast("BinaryIO", sent), length).version_id
        except BaseException:
            self._discard_uploads(key)
            if sent.failure is not None:
                # The source's own error, not the client's or ours: a carrier that timed out is no store that did.
                raise sent.failure from None
            raise
        held = self._ask(key, version_id)
        if held is not None and held.bytes == length and self._is_what_was_sent(held, sent):
            return held
        self._discard_version(key, version_id)
        holds = "nothing" if held is None else f"{held.bytes} bytes, {held.etag}"
        raise StoredDiffers(f"{key}: sent {length} bytes, {sent.etag.value()}; the store holds {holds}")

    def _is_what_was_sent(self, held: StoredCopy, sent: Sending) -> bool:
        """By the ETag; where that is no MD5 (SSE-KMS, say), by reading everything back."""
        if held.etag == sent.etag.value():
            return True
        read_back = EtagOf(sent.etag.part_bytes, held.bytes)
        for piece in self.read(held.key, 0, held.bytes, held.version_id):
            read_back.update(piece)
        return read_back.value() == sent.etag.value()

    def _discard_uploads(self, key: str) -> None:
        """Of this very key: "a/1" must not take "a/10" along. What stays is swept later by `abort_uploads`."""
        client = self._client(quick=True)
        # The error on its way up matters more.
        with suppress(StoreError), translated("discard"):
            for found, upload_id in s3_uploads.listed(client, self.bucket, key):
                if found == key:
                    client._abort_multipart_upload(self.bucket, key, upload_id)

    def _discard_version(self, key: str, version_id: str | None) -> None:
        with suppress(StoreError):
            self.remove([StoredVersion(key, version_id, False, 0, datetime.now(UTC))])

    def stat(self, key: str) -> StoredCopy | None:
        return self._ask(key, None)

    def _ask(self, key: str, version_id: str | None) -> StoredCopy | None:
        try:
            with translated(f"stat {key}"):
                found = self._client().stat_object(self.bucket, key, version_id=version_id)
        except ObjectAbsent:
            # A HEAD has no body: a lost bucket looks like a lost object. Only the second may be answered with None.
            self._require_bucket(self._client())
            return None
        return StoredCopy(key, found.size or 0, found.etag or "", found.version_id)

    def _require_bucket(self, client: Minio) -> None:
        with translated("find the bucket"):
            if not client.bucket_exists(self.bucket):
                raise StoreRefused(f"there is no bucket {self.bucket!r}")

    def read(self, key: str, offset: int, length: int, version_id: str | None = None) -> Iterator[bytes]:
        if offset < 0 or length < 0:
            raise ValueError("offset and length cannot be negative")
        end = offset + length
        return (
            self._window(key, start, min(WINDOW_BYTES, end - start), version_id)
            for start in range(offset, end, WINDOW_BYTES)
        )

    def _window(self, key: str, offset: int, length: int, version_id: str | None) -> bytes:
        """One range, read to its end and its connection given back, before anybody gets to see it."""
        with translated(f"read {key}"):
            response = self._client().get_object(self.bucket, key, offset, length, version_id=version_id)
            try:
                data = response.read(length)
            finally:
                response.close()
                response.release_conn()
        if len(data) != length:
            raise StoreUnavailable(f"read {key}: {len(data)} bytes of {length} at {offset}")
        return data

    def versions(self, prefix: str) -> Iterator[StoredVersion]:
        with translated(f"list {prefix}"):
            for found in self._client().list_objects(self.bucket, prefix, recursive=True, include_version=True):
                yield StoredVersion(
                    key=found.object_name or "",
                    version_id=found.version_id,
                    is_delete_marker=bool(found.is_delete_marker),
                    bytes=found.size or 0,
                    modified_at=found.last_modified or datetime.fromtimestamp(0, UTC),
                )

    def remove(self, versions: Iterable[StoredVersion]) -> None:
        waiting = iter(versions)
        portions = list(iter(lambda: list(islice(waiting, KEYS_PER_REMOVAL)), []))
        if portions and (remaining := at_once(self._remove_some, portions)):
            raise RemovalFailed(remaining)

    def _remove_some(self, versions: list[StoredVersion]) -> list[Remaining]:
        # "null" is the version of what was written without versions. Without it a versioned bucket would answer
        # with a new delete marker, also for a key that it never had (tried on SeaweedFS 4.48).
        wanted = [DeleteObject(each.key, each.version_id or "null") for each in versions]
        with translated("remove"):
            return [
                Remaining(error.name or "?", error.version_id, error.code)
                for error in self._client().remove_objects(self.bucket, wanted)
                if error.code not in ABSENT_CODES
            ]

    def abort_uploads(self, prefix: str, started_before: datetime | None = None, keys: Iterable[str] = ()) -> int:
        return s3_uploads.abort(self._client(), self.bucket, prefix, started_before, keys)

    def unfinished_uploads(self, prefix: str, started_before: datetime) -> list[str]:
        with translated(f"list uploads of {prefix}"):
            found = s3_uploads.listed(self._client(), self.bucket, prefix)
        old = {key for (key, _), upload in found.items() if (upload.initiated_time or started_before) < started_before}
        return sorted(old)

    def is_gone(self, prefix: str, keys: Iterable[str] = ()) -> bool:
        return not self.left({prefix: keys})

    def left(self, asked: Mapping[str, Iterable[str]]) -> set[str]:
        return self._asking.still_listed(asked) | self._uploads.under(self._client(), asked) if asked else set()

    def _listed(self, prefix: str, most: int) -> list[str]:
        with translated(f"list {prefix}"):
            # The public call always asks for a thousand.
            found = self._client()._list_objects(
                self.bucket, max_keys=min(most, 1000), prefix=prefix, include_version=True, encoding_type="url"
            )
            return [each.object_name or "" for each in islice(found, most)]

    def check(self) -> None:
        self._require_bucket(self._client(quick=True))

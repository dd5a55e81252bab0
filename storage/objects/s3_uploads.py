"""Unfinished multipart uploads in an S3 store: they take space, and no listing of objects shows them.

minio has no public call for them, and its markers for a next page are of no use (`next_upload_id_marker` is never set
in 7.2.20). A MinIO server answers for a whole key alone: each key is asked for too.
"""

import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from minio import Minio
from minio.datatypes import Upload
from minio.error import S3Error

from storage.objects.asking import at_once, with_any
from storage.objects.s3_errors import translated

Named = tuple[str, str]
"""Key and upload id."""


def listed(client: Minio, bucket: str, prefix: str, keys: Iterable[str] = ()) -> dict[Named, Upload]:
    """Those under `prefix`, at most a thousand a question."""
    found = {}
    for asked in dict.fromkeys((prefix, *keys)):
        for upload in client._list_multipart_uploads(bucket, prefix=asked).uploads:
            key = upload.object_name or ""
            # To abort what a store listed by mistake would lose somebody else's recording.
            if key.startswith(prefix):
                found[(key, upload.upload_id or "")] = upload
    return found


def abort(
    client: Minio, bucket: str, prefix: str, started_before: datetime | None = None, keys: Iterable[str] = ()
) -> int:
    """End them, until none is listed. Returns how many."""
    named = tuple(keys)
    done: set[Named] = set()
    with translated(f"abort uploads of {prefix}"):
        while True:
            due = [
                name
                for name, upload in listed(client, bucket, prefix, named).items()
                if name not in done
                and (started_before is None or (upload.initiated_time or started_before) < started_before)
            ]
            if not due:
                return len(done)
            for key, upload_id in due:
                done.add((key, upload_id))
                with suppress(S3Error):  # finished or aborted meanwhile; what stays is seen when it is asked again
                    client._abort_multipart_upload(bucket, key, upload_id)


class Uploads:
    """Of one bucket, asked about many prefixes."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._told: dict[int, bool] = {}  # by process, as clients are

    def under(self, client: Minio, asked: Mapping[str, Iterable[str]]) -> set[str]:
        """Those prefixes with an unfinished upload: in one question where the store tells of all at once."""
        with translated("list uploads"):
            if len(asked) > 1 and self._tells_of_all(client):
                told = client._list_multipart_uploads(self._bucket)
                if not told.is_truncated:
                    return with_any(asked, (upload.object_name or "" for upload in told.uploads))
            return set(at_once(lambda each: self._of_one(client, each, asked[each]), list(asked)))

    def _of_one(self, client: Minio, prefix: str, keys: Iterable[str]) -> list[str]:
        return [prefix] if listed(client, self._bucket, prefix, keys) else []

    def _tells_of_all(self, client: Minio) -> bool:
        """Tried once a process: of an upload that was just begun, does a question for no key in particular tell?"""
        if self._told.get(os.getpid()) is None:
            key = f"{secrets.token_hex(16)}/000000"
            upload_id = client._create_multipart_upload(self._bucket, key, {})
            told = client._list_multipart_uploads(self._bucket)
            self._told[os.getpid()] = any(upload.upload_id == upload_id for upload in told.uploads)
            client._abort_multipart_upload(self._bucket, key, upload_id)
        return self._told[os.getpid()]

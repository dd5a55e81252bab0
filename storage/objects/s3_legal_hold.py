"""Legal holds in an S3 store, as SeaweedFS 4.48 and MinIO really do them (tried; tests/objects asks them again).

- Both answer a delete of a held version with a refusal, single or in a batch, with bypass or without: SeaweedFS with
  `AccessDenied`, MinIO with `InvalidRequest` ("WORM protected"). Everything else in the batch goes.
- A delete without a version lays a marker over it, in both. The version is read on by its id; taking the marker away by
  its own id brings it back.
- Object lock keeps versions, and neither lets them be suspended. MinIO refuses to lock a bucket that exists. SeaweedFS
  locks it if it keeps versions, and then holds nothing of what was there before: it says 200 for the version `null`.
- Both take a legal hold twice, and its end twice. Of a version that never had one, SeaweedFS says 404
  (`NoSuchObjectLegalHold`), MinIO OFF. Of a missing key without a version, SeaweedFS says 500.
"""

from minio import Minio

from storage.objects.codes import NO_LOCK_CODES
from storage.objects.s3_errors import code_of, translated
from storage.objects.store import StoreRefused


def can(client: Minio, bucket: str) -> bool:
    """Whether the bucket has object lock, and we may ask. Raises as the port's methods do."""
    try:
        with translated("ask for object lock"):
            client.get_object_lock_config(bucket)
    except StoreRefused as error:
        if code_of(error) in NO_LOCK_CODES:
            return False
        raise
    return True


def put(client: Minio, bucket: str, key: str, version_id: str, *, on: bool) -> None:
    """Set it or take it off, and ask whether it is so."""
    with translated(f"legal hold of {key}"):
        if on:
            client.enable_object_legal_hold(bucket, key, version_id)
        else:
            client.disable_object_legal_hold(bucket, key, version_id)
    if lies_on(client, bucket, key, version_id) != on:
        raise StoreRefused(f"legal hold of {key}: the store said yes, and did not")


def lies_on(client: Minio, bucket: str, key: str, version_id: str) -> bool:
    """Ask the store."""
    try:
        with translated(f"ask for the legal hold of {key}"):
            return client.is_object_legal_hold_enabled(bucket, key, version_id)
    except StoreRefused as error:
        if code_of(error) == "NoSuchObjectLegalHold":
            return False
        raise

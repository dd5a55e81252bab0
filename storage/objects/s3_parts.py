"""A large object on its way into an S3 store: the next part is read, hashed and sealed while others are being sent.

Parts are read by the caller's thread, one after the other, and sent by two of our own. The client's parallel uploads
would do the same, but their threads are never joined when a source fails (minio 7.2.20, `helpers.ThreadPool`), and
parts that are still on their way could arrive behind the abort. Here nothing is on its way any more when it returns.
"""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from minio import Minio
from minio.datatypes import Part

from storage.objects.s3_errors import translated
from storage.objects.store import Readable, StoreError, WrongLength

# Three parts are in memory at most: two on their way, and one that is being read. A third on its way is no quicker.
ON_THEIR_WAY = 2


def put(client: Minio, bucket: str, key: str, source: Readable, length: int, part_bytes: int) -> str | None:
    """Store `length` bytes in parts. Returns the version.

    Raises the client's errors and whatever the source raises; then the upload was ended, as far as the store answers.
    """
    upload_id = client._create_multipart_upload(bucket, key, {"Content-Type": "application/octet-stream"})
    try:
        parts = _send(client, bucket, key, upload_id, _parts(source, length, part_bytes))
        return client._complete_multipart_upload(bucket, key, upload_id, parts).version_id
    except BaseException:
        # The error on its way up matters more.
        with suppress(StoreError), translated("abort"):
            client._abort_multipart_upload(bucket, key, upload_id)
        raise


def _send(client: Minio, bucket: str, key: str, upload_id: str, parts: Iterator[bytes]) -> list[Part]:
    sent: list[Part] = []
    sending: deque[Future[str]] = deque()

    def first_is_there() -> None:
        sent.append(Part(len(sent) + 1, sending.popleft().result()))

    # Leaving the block waits for what is on its way, also when something was raised.
    with ThreadPoolExecutor(ON_THEIR_WAY, thread_name_prefix="send") as pool:
        for number, data in enumerate(parts, 1):
            if len(sending) == ON_THEIR_WAY:
                first_is_there()
            sending.append(pool.submit(client._upload_part, bucket, key, data, None, upload_id, number))
        while sending:
            first_is_there()
    return sent


def _parts(source: Readable, length: int, part_bytes: int) -> Iterator[bytes]:
    for start in range(0, length, part_bytes):
        yield _exactly(source, min(part_bytes, length - start))


def _exactly(source: Readable, n: int) -> bytes:
    data = source.read(n)
    while len(data) < n:
        more = source.read(n - len(data))
        if not more:
            raise WrongLength(f"the source ended {n - len(data)} bytes early")
        data += more
    return data

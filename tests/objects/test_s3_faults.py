"""What a store says when it cannot, will not, or does not do what it was asked: by a server that follows a script."""

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from storage.objects.s3 import S3Store
from storage.objects.sending import PART_BYTES
from storage.objects.store import (
    ObjectAbsent,
    Remaining,
    RemovalFailed,
    StoredDiffers,
    StoredVersion,
    StoreError,
    StoreRefused,
    StoreUnavailable,
)
from tests.seaweed import Seaweed

Answer = tuple[int, dict[str, str], bytes]
Script = Callable[[str, str], Answer]
MD5_OF_HELLO = "5d41402abc4b2a76b9719d911017c592"


def xml_error(status: int, code: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()
    return status, {"Content-Type": "application/xml"}, body


class ScriptedServer(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: Script = lambda *_: (500, {}, b"")
        self.seen: list[str] = []


class Handler(BaseHTTPRequestHandler):
    server: ScriptedServer

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(f"{self.command} {self.path}")
        status, headers, body = self.server.script(self.command, self.path)
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    made = ScriptedServer()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def store_at(server: ScriptedServer) -> S3Store:
    return S3Store(f"127.0.0.1:{server.server_port}", "key", "secret", "media")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (xml_error(503, "SlowDown"), StoreUnavailable),
        (xml_error(500, "InternalError"), StoreUnavailable),
        (xml_error(507, "XMinioStorageFull"), StoreUnavailable),
        (xml_error(403, "RequestTimeTooSkewed"), StoreUnavailable),
        (xml_error(404, "NoSuchUpload"), StoreUnavailable),
        (xml_error(429, "TooManyRequests"), StoreUnavailable),
        ((502, {"Content-Type": "text/html"}, b"<h1>Bad gateway</h1>"), StoreUnavailable),
        ((200, {"Content-Type": "application/xml"}, b"<cut"), StoreUnavailable),
        (xml_error(403, "AccessDenied"), StoreRefused),
        (xml_error(403, "InvalidAccessKeyId"), StoreRefused),
        (xml_error(404, "NoSuchBucket"), StoreRefused),
        (xml_error(404, "NoSuchVersion"), ObjectAbsent),
        ((401, {"Content-Type": "text/html"}, b"<h1>Who?</h1>"), StoreRefused),
    ],
)
def test_an_error_says_whether_to_try_again(
    server: ScriptedServer, answer: Answer, expected: type[StoreError]
) -> None:  # fmt: skip
    server.script = lambda *_: answer
    with pytest.raises(expected):
        list(store_at(server).versions(""))


class Parts:
    """A script for an upload in parts, each of which takes its time, and remembers what was answered."""

    def __init__(self, refused: int | None = None) -> None:
        self.refused = refused
        self.answered: list[str] = []

    def __call__(self, method: str, path: str) -> Answer:
        answer, what = self._answer(method, path)
        self.answered.append(what)
        return answer

    def _answer(self, method: str, path: str) -> tuple[Answer, str]:
        if method == "POST":
            body = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
            return (200, {}, body.encode()), "begun"
        if method == "PUT":
            number = int(path.partition("partNumber=")[2].partition("&")[0])
            time.sleep(0.3 / number)
            return xml_error(403, "AccessDenied") if number == self.refused else (200, {"ETag": "e"}, b""), "part"
        if method == "DELETE":
            return (204, {}, b""), "ended"
        return (200, {}, b"<ListMultipartUploadsResult/>"), "listed"


class Failing:
    """A source that gives so many bytes, and then raises."""

    def __init__(self, good: int) -> None:
        self.left = good

    def read(self, n: int, /) -> bytes:
        if not self.left:
            raise TimeoutError("the carrier went away")
        given = min(n, self.left)
        self.left -= given
        return bytes(given)


def test_a_source_that_fails_has_no_parts_on_their_way_when_the_upload_is_ended(server: ScriptedServer) -> None:
    server.script = script = Parts()
    with pytest.raises(TimeoutError, match="the carrier went away"):
        store_at(server).put("a/1", Failing(2 * PART_BYTES), 9 * PART_BYTES)
    assert script.answered == ["begun", "part", "part", "ended", "listed"]


def test_a_part_that_is_refused_ends_the_upload_and_no_more_are_sent(server: ScriptedServer) -> None:
    server.script = script = Parts(refused=1)
    with pytest.raises(StoreRefused, match="AccessDenied"):
        store_at(server).put("a/1", Failing(9 * PART_BYTES), 9 * PART_BYTES)
    assert script.answered == ["begun", "part", "part", "ended", "listed"]


@pytest.mark.parametrize(("size", "etag"), [("5", "0" * 32), ("4", MD5_OF_HELLO)])
def test_what_differs_is_taken_away_again(server: ScriptedServer, size: str, etag: str) -> None:
    def script(method: str, path: str) -> Answer:
        if method == "HEAD":
            return 200, {"Content-Length": size, "ETag": etag}, b""
        if method == "GET":
            return 206, {}, b"hallo"
        return 200, {"ETag": etag}, b"<DeleteResult/>" if method == "POST" else b""

    server.script = script
    with pytest.raises(StoredDiffers, match=f"sent 5 bytes.*the store holds {size}"):
        store_at(server).put("a/1", io.BytesIO(b"hello"), 5)
    assert server.seen[-1] == "POST /media?delete="


def test_an_etag_that_is_no_md5_is_settled_by_reading_back(server: ScriptedServer) -> None:
    def script(method: str, path: str) -> Answer:
        if method == "HEAD":
            return 200, {"Content-Length": "5", "ETag": "sse-kms-something"}, b""
        return (206, {}, b"hello") if method == "GET" else (200, {"ETag": "sse-kms-something"}, b"")

    server.script = script
    assert store_at(server).put("a/1", io.BytesIO(b"hello"), 5).etag == "sse-kms-something"


def test_what_vanished_differs(server: ScriptedServer) -> None:
    def script(method: str, path: str) -> Answer:
        if method == "HEAD":
            return (404, {}, b"") if "a/1" in path else (200, {}, b"")
        return 200, {"ETag": MD5_OF_HELLO}, b"<DeleteResult/>"

    server.script = script
    with pytest.raises(StoredDiffers, match="holds nothing"):
        store_at(server).put("a/1", io.BytesIO(b"hello"), 5)


def test_errors_inside_a_successful_removal_are_read(server: ScriptedServer) -> None:
    body = (
        b"<DeleteResult>"
        b"<Error><Key>a/1</Key><VersionId>v1</VersionId><Code>AccessDenied</Code><Message>held</Message></Error>"
        b"<Error><Key>a/2</Key><VersionId>v2</VersionId><Code>NoSuchVersion</Code><Message>-</Message></Error>"
        b"</DeleteResult>"
    )
    server.script = lambda *_: (200, {"Content-Type": "application/xml"}, body)
    asked = [StoredVersion(f"a/{n}", f"v{n}", False, 1, datetime.now(UTC)) for n in range(1, 1500)]
    with pytest.raises(RemovalFailed, match="a/1@v1") as caught:
        store_at(server).remove(asked)
    assert caught.value.remaining == (Remaining("a/1", "v1", "AccessDenied"),) * 12  # once for each of the calls


def test_a_body_that_ends_early_is_to_be_asked_for_again(server: ScriptedServer) -> None:
    server.script = lambda *_: (206, {"Content-Length": "100", "Connection": "close"}, b"short")
    with pytest.raises(StoreUnavailable):
        b"".join(store_at(server).read("a/1", 0, 100))


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    store = S3Store(f"127.0.0.1:{port}", "key", "secret", "media")
    asks: list[Callable[[], object]] = [
        store.check,
        lambda: store.put("a", io.BytesIO(b"x"), 1),
        lambda: store.stat("a"),
    ]
    for ask in asks:
        with pytest.raises(StoreUnavailable):
            ask()


def test_the_check_does_not_wait_for_a_store_that_hangs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = S3Store(f"127.0.0.1:{silent.getsockname()[1]}", "key", "secret", "media")
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            store.check()
        assert time.monotonic() - began < 4


def test_wrong_credentials_and_names_are_permanent(store_server: Seaweed, bucket_name: str) -> None:
    for store in (
        S3Store(store_server.endpoint, store_server.access_key, "wrong", bucket_name),
        S3Store(store_server.endpoint, "nobody", store_server.secret_key, bucket_name),
        S3Store("http://scheme/and/path", "key", "secret", bucket_name),
        S3Store(store_server.endpoint, store_server.access_key, store_server.secret_key, "No_Bucket!"),
    ):
        with pytest.raises(StoreRefused):
            store.stat("a")
        with pytest.raises(StoreRefused):
            store.put("a", io.BytesIO(b"x"), 1)
    assert store_server.secret_key not in repr(store_server.store(bucket_name))

"""Opening streams of every kind, and giving up those that hang, send elsewhere, or are something else."""

import socket
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from tests.video import footage
from tests.video.rtsp import Camera, Unit
from video.addresses import Allowed, Credentials, Reachable, file_address
from video.sources import Pictures, StreamLost, Trouble, open_source

LOOPBACK = Allowed(["127.0.0.0/8"])


def reach(address: str, credentials: Credentials | None = None) -> Reachable:
    return LOOPBACK.reach(address, credentials)


@contextmanager
def answering(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """An HTTP server that has one answer for everybody. Gives its address, and what it was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(4096))
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/live", asked
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def trouble(reachable: Reachable, open_timeout_s: float = 30.0) -> Trouble:
    with pytest.raises(StreamLost) as lost:
        open_source(reachable, open_timeout_s, 30.0).close()
    told = "".join(traceback.format_exception(lost.value))
    assert "s3cret" not in told, "what PyAV says holds the address"
    assert "wrong" not in told
    return lost.value.trouble


def test_rtsp_with_a_password(long_stream: list[Unit]) -> None:
    with Camera(long_stream, password="s3cret/@:").on() as camera:
        source = open_source(reach(camera.url, Credentials("operator", "s3cret/@:")), 30.0, 30.0)
        assert source.pictures == Pictures("h264", footage.WIDTH, footage.HEIGHT)
        assert next(source.packets()).size
        source.close()
        assert trouble(reach(camera.url, Credentials("operator", "wrong"))) == Trouble.REFUSED
        assert trouble(reach(camera.url)) == Trouble.REFUSED


def test_a_server_that_says_nothing_is_given_up(long_stream: list[Unit]) -> None:
    with Camera(long_stream, silent=True).on() as camera:
        began = time.monotonic()
        assert trouble(reach(camera.url), 1.0) == Trouble.UNREACHABLE
        assert time.monotonic() - began >= 1.0


def test_a_stream_that_stalls_is_given_up(long_stream: list[Unit]) -> None:
    with Camera(long_stream[:10]).on() as camera:
        camera.restart()
        source = open_source(reach(camera.url), 30.0, 1.0)
        with pytest.raises(StreamLost) as lost:
            for _ in source.packets():
                pass
        source.close()
    assert lost.value.trouble == Trouble.STALLED


def test_a_server_that_dies_ends_the_stream(long_stream: list[Unit]) -> None:
    with Camera(long_stream).on() as camera:
        source = open_source(reach(camera.url), 30.0, 30.0)
        packets = source.packets()
        next(packets)
    with pytest.raises(StreamLost) as lost:
        for _ in packets:
            pass
    source.close()
    assert lost.value.trouble == Trouble.ENDED


def test_nobody_is_sent_elsewhere_by_rtsp(long_stream: list[Unit]) -> None:
    other = Camera(long_stream)
    with other.on(), Camera(long_stream, location=other.url).on() as camera:
        for _ in range(3):
            assert trouble(reach(camera.url)) is Trouble.REDIRECTED
    assert other.asked == 0, "it was never even greeted"


class Sly(Camera):
    """Sends elsewhere only who comes for the second time, as who opens a stream does."""

    elsewhere = ""

    def _answer(self, connection: socket.socket, request: str) -> bool:
        self.location = self.elsewhere if self.asked % 2 == 0 else None
        return super()._answer(connection, request)


def test_who_is_sent_elsewhere_by_a_second_answer_takes_nothing_from_there(long_stream: list[Unit]) -> None:
    other, camera = Camera(long_stream), Sly(long_stream)
    with other.on(), camera.on():
        camera.elsewhere = other.url
        for _ in range(3):
            assert trouble(reach(camera.url)) is Trouble.REDIRECTED


def test_nobody_is_sent_elsewhere_by_http() -> None:
    with answering(b"") as (other, asked):
        moved = f"HTTP/1.1 302 Found\r\nLocation: {other}\r\nContent-Length: 0\r\n\r\n".encode()
        with answering(moved) as (address, _):
            assert trouble(reach(address)) == Trouble.UNREACHABLE
        assert asked == []


def test_a_playlist_opens_nothing_else(long_file: Path) -> None:
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://{long_file}\n#EXT-X-ENDLIST\n".encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n"
    with answering(head + b"Content-Length: %d\r\n\r\n" % len(playlist) + playlist) as (address, _):
        assert trouble(reach(f"{address}.m3u8")) == Trouble.UNREACHABLE


def test_http_is_asked_for_by_the_name_that_was_given(tmp_path: Path) -> None:
    media = footage.make(tmp_path / "a.ts", 50).read_bytes()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: %d\r\n\r\n" % len(media)
    with answering(head + media) as (address, asked):
        named = address.replace("127.0.0.1", "localhost")
        source = open_source(LOOPBACK.reach(named, None, lambda _host, _port: ["127.0.0.1"]), 30.0, 30.0)
        packets = source.packets()
        assert sum(1 for _ in islice(packets, 50)) == 50
        with pytest.raises(StreamLost) as lost:
            next(packets)
        source.close()
    assert lost.value.trouble == Trouble.ENDED
    assert b"Host: localhost\r\n" in asked[0]


def test_a_file_loops_in_real_time_and_its_time_goes_on(tmp_path: Path) -> None:
    path = footage.make(tmp_path / "short.mp4", 10)
    source = open_source(Allowed(folder=tmp_path).reach(file_address(path, loops=True), None))
    began, times = time.monotonic(), []
    for packet in source.packets():
        times.append(packet.dts * source.time_base if packet.dts is not None else None)
        if len(times) == 26:
            break
    source.close()
    assert [float(each) for each in times if each is not None] == [pytest.approx(n / 25) for n in range(26)]
    assert time.monotonic() - began >= 1.0


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video"])
def test_what_cannot_be_copied_is_not_recorded(tmp_path: Path, codec: str) -> None:
    footage.make(tmp_path / "old.mkv", 10, codec)
    assert trouble(Allowed(folder=tmp_path).reach(file_address(tmp_path / "old.mkv"), None)) == Trouble.UNSUPPORTED

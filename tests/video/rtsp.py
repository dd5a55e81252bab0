"""A camera that speaks RTSP over TCP, as far as a recorder asks: live, and whoever joins late gets what is sent then.

It notes the number of every frame that it gave to a connection. For tests without GStreamer, and for what no real
server does: silence, redirects, lies.
"""

import base64
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import av
from av.bitstream import BitStreamFilterContext

CLOCK = 90_000


@dataclass(frozen=True)
class Unit:
    """One frame as it is sent: its NAL units, and its time in ticks."""

    number: int
    nals: tuple[bytes, ...]
    ticks: int


def units(path: Path) -> list[Unit]:
    """The frames of an H.264 file without B-frames, parameter sets in front of each key frame."""
    with av.open(path) as file:
        (stream,) = file.streams.video
        plain = BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [done for packet in file.demux(stream) if packet.size for done in plain.filter(packet)]
    found = []
    for number, packet in enumerate(packets):
        parts = bytes(packet).replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
        assert packet.dts is not None
        found.append(Unit(number, tuple(part for part in parts if part), round(packet.dts * packet.time_base * CLOCK)))
    return found


@dataclass
class Camera:
    """`ticks_of` is the time that it says of a frame; `silent` accepts and says nothing; `location` sends elsewhere."""

    footage: list[Unit]
    ticks_of: Callable[[Unit], int] = lambda unit: unit.ticks
    silent: bool = False
    location: str | None = None
    password: str | None = None
    port: int = 0
    sent: list[list[int]] = field(default_factory=list)
    asked: int = 0

    def __post_init__(self) -> None:
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._began = time.monotonic()

    @contextmanager
    def on(self) -> Iterator["Camera"]:
        """Switched on while the block lasts. Its time goes on while it is off."""
        with socket.create_server(("127.0.0.1", self.port), reuse_port=False) as listening:
            self.port = listening.getsockname()[1]
            listening.settimeout(0.05)
            off = threading.Event()
            thread = threading.Thread(target=self._accept, args=(listening, off))
            thread.start()
            try:
                yield self
            finally:
                off.set()
                thread.join()
                for connection in self._connections:
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
                for each in self._threads:
                    each.join()
                self._connections.clear()
                self._threads.clear()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"

    def restart(self) -> None:
        """Begin the footage anew: who joins now gets its first frame."""
        self._began = time.monotonic() + 0.2

    def all_sent(self) -> list[int]:
        """Every frame that anybody was given, in order."""
        return [number for connection in self.sent for number in connection]

    def _accept(self, listening: socket.socket, off: threading.Event) -> None:
        while not off.is_set():
            with suppress(TimeoutError):
                connection, _ = listening.accept()
                connection.settimeout(None)
                self._connections.append(connection)
                thread = threading.Thread(target=self._talk, args=(connection, off))
                self._threads.append(thread)
                thread.start()

    def _talk(self, connection: socket.socket, off: threading.Event) -> None:
        self.asked += 1
        with connection, suppress(OSError):
            data = b""
            while more := connection.recv(4096):
                data += more
                while b"\r\n\r\n" in data:
                    request, _, data = data.partition(b"\r\n\r\n")
                    if self.silent:
                        continue
                    if self._answer(connection, request.decode()):
                        self._play(connection, off)
                        return

    def _answer(self, connection: socket.socket, request: str) -> bool:
        """Answer one request; True if the stream is to be played now."""
        method, url, *_ = request.split()
        told = {k.lower(): v for k, _, v in (line.partition(": ") for line in request.splitlines()[1:])}
        status, headers, body = "200 OK", {"CSeq": told["cseq"]}, ""
        basic = base64.b64encode(f"operator:{self.password}".encode()).decode()
        if self.location is not None:
            status, headers["Location"] = "302 Found", self.location
        elif self.password is not None and told.get("authorization") != f"Basic {basic}":
            status, headers["WWW-Authenticate"] = "401 Unauthorized", 'Basic realm="camera"'
        elif method == "OPTIONS":
            headers["Public"] = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"
        elif method == "DESCRIBE":
            sets = ",".join(base64.b64encode(nal).decode() for nal in self.footage[0].nals if nal[0] & 31 in (7, 8))
            body = (
                "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
                "a=rtpmap:96 H264/90000\r\na=control:track\r\n"
                f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}\r\n"
            )
            headers |= {"Content-Type": "application/sdp", "Content-Base": f"{url}/"}
        elif method == "SETUP":
            headers |= {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1", "Session": "1"}
        elif method == "PLAY":
            headers["Session"] = "1"
        headers["Content-Length"] = str(len(body))
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"RTSP/1.0 {status}\r\n{lines}\r\n{body}".encode())
        return method == "PLAY" and status.startswith("200")

    def _play(self, connection: socket.socket, off: threading.Event) -> None:
        sent: list[int] = []
        self.sent.append(sent)
        sequence = 0
        for unit in self.footage:
            wait = self._began + unit.ticks / CLOCK - time.monotonic()
            if wait < 0 and not sent:
                continue  # before somebody joined
            if off.wait(max(0.0, wait)):
                return
            for nal in unit.nals:
                last = nal is unit.nals[-1]
                rtp = struct.pack(
                    ">BBHII", 0x80, 96 | last << 7, sequence & 0xFFFF, self.ticks_of(unit) & 0xFFFFFFFF, 7
                )
                connection.sendall(struct.pack(">cBH", b"$", 0, len(rtp) + len(nal)) + rtp + nal)
                sequence += 1
            sent.append(unit.number)
        off.wait()

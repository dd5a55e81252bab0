"""What an RTSP server says first, asked by ourselves: one that sends elsewhere never gets a library to follow it.

FFmpeg follows redirects of RTSP whatever it is told, and greets the other host with the camera's password if it is
asked for one. So the server is asked before (OPTIONS, DESCRIBE; RFC 2326, 10.1 and 10.2), without any password, but for
one that the camera wants in its path (`{password}`): what is asked for must be what the library asks for.
"""

import socket
import time
from urllib.parse import urlsplit

from video.addresses import Reachable

PORT = 554
MOST_HEADER_BYTES = 16 << 10
HEADER_END = b"\r\n\r\n"


class SentElsewhere(Exception):
    """It answers with a redirect."""


def greet(reachable: Reachable, timeout_s: float) -> None:
    """Ask, and hear whether it sends elsewhere.

    Raises:
        SentElsewhere: it does.
        OSError: it cannot be reached, or says nothing in time. What else is wrong with it is for the library to find.
    """
    parts = urlsplit(reachable.url)
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    port = parts.port or PORT
    url = f"rtsp://{host}:{port}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    until = time.monotonic() + timeout_s
    with socket.create_connection((parts.hostname or "", port), timeout_s) as connection:
        for number, method in enumerate(("OPTIONS", "DESCRIBE"), 1):
            connection.sendall(f"{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: Eskertu\r\n\r\n".encode())
            status = _status(connection, until)
            if status is None:
                return
            if 300 <= status < 400:
                raise SentElsewhere


def _status(connection: socket.socket, until: float) -> int | None:
    """The answer's status, its header read to the end; None if it is none."""
    header = b""
    while HEADER_END not in header:
        connection.settimeout(max(0.001, until - time.monotonic()))
        if len(header) > MOST_HEADER_BYTES or not (piece := connection.recv(4096)):
            return None
        header += piece
    words = header.split(b" ", 2)
    return int(words[1]) if len(words) == 3 and words[0].startswith(b"RTSP/") and words[1].isdigit() else None

"""Taking things away from a recorder that runs: the store, by a line that is cut; the database, by a lock."""

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa

from storage.database import Database

PIECE = 1 << 16


class Line:
    """A line to a server, which can be cut: who has it sees its connections end, and gets no others."""

    def __init__(self, endpoint: str) -> None:
        host, _, port = endpoint.rpartition(":")
        self._there = (host, int(port))
        self._cut = threading.Event()
        self._ended = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.1)
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self._listening.getsockname()[1]}"

    @contextmanager
    def cut(self) -> Iterator[None]:
        """While the block lasts there is no server."""
        self._cut.set()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()
        try:
            yield
        finally:
            self._cut.clear()

    def close(self) -> None:
        self._ended.set()
        self._listening.close()

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._listening.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self._cut.is_set():
                connection.close()
                continue
            threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, suppress(OSError), socket.create_connection(self._there) as far:
            self._open += [near, far]
            while True:
                ready, _, _ = select.select([near, far], [], [])
                for each in ready:
                    data = each.recv(PIECE)
                    if not data:
                        return
                    (far if each is near else near).sendall(data)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """While the block lasts nobody else writes, and of cameras nobody reads on PostgreSQL either."""
    with database.begin() as session:  # on SQLite that is the lock
        if session.get_bind().dialect.name == "postgresql":
            session.execute(sa.text("LOCK TABLE camera, camera_lease, segment, gap IN ACCESS EXCLUSIVE MODE"))
        yield

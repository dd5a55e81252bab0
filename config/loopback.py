"""Ports on this machine's loopback, for services that must find theirs again when they are started anew.

A port that the system hands out (bind to 0) lies where it also takes ports for outgoing connections (Linux:
`net.ipv4.ip_local_port_range`, from 32768 on), so while its service is down, somebody's connection may sit on it.
"""

import secrets
import socket

LOOPBACK = "127.0.0.1"
# Below what the system takes, and beside the embedded store's (storage/objects/embedded.py).
FIRST_PORT, LAST_PORT = 23_000, 29_999


class NoFreePort(Exception):
    """Every port that was tried is taken."""


def choose_port() -> int:
    """A free port at random, so that two that choose at the same time hardly choose the same.

    Raises:
        NoFreePort: none of 500 tries was free.
    """
    for _ in range(500):
        port = FIRST_PORT + secrets.randbelow(LAST_PORT - FIRST_PORT + 1)
        if is_free(port):
            return port
    raise NoFreePort(f"no free port between {FIRST_PORT} and {LAST_PORT}")


def is_free(port: int) -> bool:
    """Whether nothing listens there. Asked as servers bind: with SO_REUSEADDR."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True

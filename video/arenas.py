"""How memory is shared among a recorder's threads."""

import ctypes
import sys
from contextlib import suppress

M_ARENA_MAX = -8  # malloc.h of glibc
ARENAS = 2


def share_memory_among_threads() -> None:
    """Let all threads take memory from two places, where glibc would give eight to each core.

    Each place keeps what it was given, so with a thread a camera every camera costs a megabyte and a half more. Called
    before there are threads; where the C library is another, nothing happens.
    """
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)

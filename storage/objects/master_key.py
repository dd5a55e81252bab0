"""The master key that wraps all data keys: a file outside every database and every backup of one.

Whoever has the file and the key database can read every object; without the file nobody can. Keep a copy of it in a
safe, apart from the backups.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

MASTER_KEY_BYTES = 32


class MasterKeyRefused(Exception):
    """Permanent until somebody looks at the file: it is readable by others, or is no key of ours."""


def load_master_key(path: Path) -> bytes:
    """The key in `path`, made there at first use (32 random bytes, mode 0600, complete or not there at all).

    Raises `MasterKeyRefused` for a file that others may read or change, or that has not exactly 32 bytes. A damaged
    file is never replaced: that would lose every object.
    """
    try:
        return _read(path)
    except FileNotFoundError:
        _make(path)
        return _read(path)


def _read(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        mode = stat.S_IMODE(os.fstat(handle).st_mode)
        key = os.read(handle, MASTER_KEY_BYTES + 1)
    finally:
        os.close(handle)
    # A group may read (that is how orchestrators mount secrets), nobody else, and only the owner may write.
    if mode & 0o027:
        raise MasterKeyRefused(f"{path} has mode {mode:04o}: others may read or change it; make it 0600")
    if len(key) != MASTER_KEY_BYTES:
        raise MasterKeyRefused(f"{path} is no master key: it must have exactly {MASTER_KEY_BYTES} bytes")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.write(handle, os.urandom(MASTER_KEY_BYTES))
            os.fsync(handle)
        finally:
            os.close(handle)
        # A link fails where there is a file, unlike a rename: of two first starts, both use the key of the first.
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

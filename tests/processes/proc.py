"""What the kernel tells of processes: who descends from whom, who lives, who listens where (Linux's /proc)."""

import socket
import struct
from dataclasses import dataclass
from pathlib import Path

LISTENING = "0A"


@dataclass(frozen=True)
class Process:
    """One process, told from another that gets its number later by when it began."""

    pid: int
    parent: int
    began: int
    command: str

    @property
    def lives(self) -> bool:
        """Whether it still does something: a dead one that nobody has asked about yet does not."""
        now = look(self.pid)
        return now is not None and now.began == self.began


def look(pid: int) -> Process | None:
    """The living process of that number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # the name stands in brackets and may hold anything
    fields = stat.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return Process(pid, int(fields[1]), int(fields[19]), command)


def tree(pid: int) -> list[Process]:
    """A process and all that descend from it."""
    everyone = [found for path in Path("/proc").glob("[0-9]*") if (found := look(int(path.name))) is not None]
    family = [each for each in everyone if each.pid == pid]
    for each in family:
        family.extend(other for other in everyone if other.parent == each.pid)
    return family


def listening(pid: int) -> set[tuple[str, int]]:
    """(address, port) of every TCP socket that a process listens on."""
    inodes = set()
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(handle.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for name in ("tcp", "tcp6"):
        path = Path(f"/proc/net/{name}")
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                address, _, port = fields[1].partition(":")
                found.add((_readable(address), int(port, 16)))
    return found


def _readable(address: str) -> str:
    """The kernel writes addresses in words of 32 bits, each in the machine's order of bytes."""
    words = [struct.pack("=I", int(address[i : i + 8], 16)) for i in range(0, len(address), 8)]
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, b"".join(words))

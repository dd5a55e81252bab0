"""Where a camera may be: which addresses are taken, and how they are said without a password. Pure, but for DNS.

An address is given by people, and our machine opens it from inside: so it must lie within the networks of its centre,
it is resolved once and opened by its number (a name that changes its mind afterwards changes nothing), and credentials
stand apart from it. `file` addresses lie within one folder, which whoever runs the machine chooses.
"""

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from storage.errors import Refused

Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], list[str]]
PORTS = {"rtsp": 554, "http": 80, "https": 443}
MOST = 500
# Some cameras take user name and password in the address alone. There these stand for them, and nothing else does.
USERNAME, PASSWORD = "{username}", "{password}"
SECRET = re.compile(
    r"(?:^|[/?&;_])(?:pass(?:word|wd|phrase)?|pwd|psw|token|key|secret|auth)=([^/?&;_]*)", re.IGNORECASE
)


class Forbidden(Exception):
    """The address lies outside of what is allowed, today. Never with credentials in it."""


@dataclass(frozen=True)
class Credentials:
    """What a camera asks for. Never in a log: its text tells nothing."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True)
class Reachable:
    """An address that may be opened now. `url` may hold a password: it is for the library that opens it alone."""

    url: str
    scheme: str
    host: str
    loops: bool = False

    def __repr__(self) -> str:
        return f"Reachable({self.scheme}, {self.host})"


def checked_address(address: str) -> str:
    """A camera's address as it is kept.

    Raises:
        Refused: if it cannot be one, or holds credentials.
    """
    if len(address) > MOST or any(ord(letter) < 33 or ord(letter) == 127 for letter in address):
        raise Refused("--url: at most {most} letters, without spaces", most=MOST)
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise Refused("--url: this is no address") from None
    if parts.scheme == "file":
        if parts.netloc or not parts.path.startswith("/") or set(dict(parse_qsl(parts.query))) - {"loop"}:
            raise Refused("--url: a file looks like file:///folder/name.mp4, or file:///folder/name.mp4?loop=1")
        return address
    if parts.scheme not in PORTS:
        raise Refused("--url: give rtsp://, http://, https:// or file:///")
    if parts.username is not None or parts.password is not None:
        raise Refused("--url: without user name and password; they are given by --username and --password-file")
    if not parts.hostname or port == 0 or parts.fragment:
        raise Refused("--url: an address looks like rtsp://10.1.0.7/stream")
    return address


def given_address(address: str) -> str:
    """The same of an address that somebody gives: none in which a password stands, as some cameras want it.

    Raises:
        Refused: see `checked_address`; or a password stands in it.
    """
    parts = urlsplit(checked_address(address))
    said = [unquote(value) for part in (parts.path, parts.query) for value in SECRET.findall(part)]
    if parts.scheme != "file" and any(value not in {"", PASSWORD} for value in said):
        raise Refused(
            "--url: without a password in it; write {password} in its place, and {username} in the user name's, "
            "and give them by --username and --password-file",
            username=USERNAME,
            password=PASSWORD,
        )
    return address


def checked_networks(networks: Iterable[str]) -> list[str]:
    """A centre's camera networks as they are kept. Raises `Refused` if one is none."""
    kept = []
    for each in networks:
        try:
            kept.append(str(ip_network(each.strip())))
        except ValueError:
            raise Refused("--camera-networks: {network} is no network such as 10.1.0.0/16", network=each) from None
    return kept


def networks_of(text: str) -> list[str]:
    """Networks as people type them, between commas, spaces or lines; each once. Raises `Refused` if one is none."""
    return list(dict.fromkeys(checked_networks(text.replace(",", " ").split())))


def resolved(host: str, port: int) -> list[str]:
    """The addresses behind a name, as the system says them. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


@dataclass(frozen=True)
class Allowed:
    """What a centre's cameras may be: within which networks, and below which folder files may lie (None: no files)."""

    networks: Sequence[str] = ()
    folder: Path | None = None

    def reach(self, address: str, credentials: Credentials | None, resolve: Resolve = resolved) -> Reachable:
        """What to open.

        Raises:
            Forbidden: it may not be opened.
            OSError: its name is not known now.
        """
        parts = urlsplit(checked_address(address))
        if parts.scheme == "file":
            return self._file(unquote(parts.path), loops=dict(parse_qsl(parts.query)).get("loop") == "1")
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        number = next((each for each in map(_plain, resolve(host, port)) if self._contains(each)), None)
        if number is None:
            raise Forbidden(f"{host} is not within the networks of this centre's cameras")
        username, password = _written(credentials)
        asked = parts.path + (f"?{parts.query}" if parts.query else "")
        inside = PASSWORD in asked
        who = "" if credentials is None or inside else f"{username}:{password}@"
        if inside:
            asked = asked.replace(USERNAME, username).replace(PASSWORD, password)
        there = f"[{number}]" if number.version == 6 else str(number)
        return Reachable(f"{parts.scheme}://{who}{there}:{port}{asked}", parts.scheme, host)

    def excludes(self, address: str) -> bool:
        """Whether an address with a number in it lies outside. What a name leads to is known where it is opened."""
        try:
            return not self._contains(_plain(urlsplit(address).hostname or ""))
        except ValueError:
            return False

    def _contains(self, number: IPv4Address | IPv6Address) -> bool:
        return any(number in network for network in map(ip_network, self.networks) if network.version == number.version)

    def _file(self, path: str, *, loops: bool) -> Reachable:
        where = Path(path).resolve()
        if self.folder is None or not where.is_relative_to(self.folder.resolve()):
            raise Forbidden("files are allowed below the folder for footage alone")
        return Reachable(str(where), "file", "", loops)


def _written(credentials: Credentials | None) -> tuple[str, str]:
    return ("", "") if credentials is None else (quote(credentials.username, ""), quote(credentials.password, ""))


def _plain(text: str) -> IPv4Address | IPv6Address:
    # An IPv4 address written as IPv6 is the same machine.
    number = ip_address(text)
    return (number.ipv4_mapped or number) if isinstance(number, IPv6Address) else number


def file_address(path: Path, *, loops: bool = False) -> str:
    """The address of a file on this machine."""
    return f"file://{quote(str(path.resolve()))}" + (f"?{urlencode({'loop': 1})}" if loops else "")

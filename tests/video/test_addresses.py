"""Only what a centre allows is opened, and no password is ever said."""

from pathlib import Path

import pytest

from storage.errors import Refused
from video.addresses import (
    Allowed,
    Credentials,
    Forbidden,
    checked_address,
    checked_networks,
    file_address,
    given_address,
    networks_of,
)

ALLOWED = Allowed(["10.1.0.0/16", "fd00::/8"])
DNS = {"door": ["192.0.2.1", "10.1.0.9"], "outside": ["192.0.2.1"], "mapped": ["::ffff:10.1.0.9"], "six": ["fd00::7"]}


def look_up(host: str, _port: int) -> list[str]:
    return DNS.get(host, [host])


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("rtsp://10.1.2.3/live", "rtsp://10.1.2.3:554/live"),
        ("rtsp://door:8554/live?stream=1", "rtsp://10.1.0.9:8554/live?stream=1"),
        ("http://six/a.ts", "http://[fd00::7]:80/a.ts"),
        ("https://10.1.2.3/a.ts", "https://10.1.2.3:443/a.ts"),
    ],
)
def test_what_lies_within_is_opened_by_its_number(address: str, opened: str) -> None:
    assert ALLOWED.reach(address, None, look_up).url == opened


@pytest.mark.parametrize(
    "address",
    ["rtsp://10.2.0.1/live", "rtsp://127.0.0.1/", "http://outside/", "http://169.254.169.254/latest", "http://[::1]/"],
)
def test_what_lies_outside_is_forbidden(address: str) -> None:
    with pytest.raises(Forbidden):
        ALLOWED.reach(address, None, look_up)
    with pytest.raises(Forbidden):
        Allowed().reach(address, None, look_up)


def test_an_ipv4_address_written_as_ipv6_is_the_same_machine() -> None:
    assert "10.1.0.9" in ALLOWED.reach("rtsp://mapped/", None, look_up).url


def test_files_lie_below_one_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in" / "a b.mp4", tmp_path / "out.mp4"
    inside.parent.mkdir()
    for path in (inside, outside):
        path.touch()
    (tmp_path / "in" / "link.mp4").symlink_to(outside)
    allowed = Allowed(folder=tmp_path / "in")
    found = allowed.reach(file_address(inside, loops=True), None)
    assert (found.url, found.loops) == (str(inside), True)
    for path in (outside, tmp_path / "in" / ".." / "out.mp4", tmp_path / "in" / "link.mp4"):
        with pytest.raises(Forbidden):
            allowed.reach(f"file://{path}", None)
    with pytest.raises(Forbidden):
        ALLOWED.reach(file_address(inside), None)


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://admin:secret@10.1.0.9/live",
        "rtsp://admin@10.1.0.9/live",
        "rtsp:///live",
        "rtsp://10.1.0.9:99999/",
        "ftp://10.1.0.9/a.mp4",
        "concat:a|b",
        "/etc/passwd",
        "file://host/a.mp4",
        "file:///a.mp4?x=1",
        "rtsp://10.1.0.9/a b",
        "rtsp://10.1.0.9/a\r\nHost: x",
        "rtsp://10.1.0.9/" + "a" * 500,
    ],
)
def test_what_is_no_address_of_a_camera_is_refused(address: str) -> None:
    with pytest.raises(Refused) as refused:
        checked_address(address)
    assert "secret" not in str(refused.value)


def test_networks_are_networks() -> None:
    assert checked_networks(["10.1.0.0/16", " fd00::/8"]) == ["10.1.0.0/16", "fd00::/8"]
    with pytest.raises(Refused, match=r"10\.1\.0\.7/16"):
        checked_networks(["10.1.0.7/16"])
    assert networks_of("10.1.0.0/16, fd00::/8\n10.1.0.0/16") == ["10.1.0.0/16", "fd00::/8"]
    assert networks_of("  ") == []


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("rtsp://10.1.0.7/live", False),
        ("rtsp://10.2.0.7:8554/live", True),
        ("http://[fd00::7]/live", False),
        ("http://[fe80::7]/live", True),
        ("rtsp://[::ffff:10.1.0.7]/live", False),
        ("rtsp://door/live", False),
        ("file:///cameras/door.mp4", False),
    ],
)
def test_of_a_number_it_is_known_beforehand_whether_it_lies_outside(address: str, outside: bool) -> None:
    assert Allowed(["10.1.0.0/16", "fd00::/8"]).excludes(address) is outside


def test_credentials_are_never_said() -> None:
    credentials = Credentials("operator", "s3cret/@:")
    found = ALLOWED.reach("rtsp://door/live", credentials, look_up)
    assert found.url == "rtsp://operator:s3cret%2F%40%3A@10.1.0.9:554/live"
    assert "s3cret" not in f"{credentials!r} {credentials} {found!r} {found}"


@pytest.mark.parametrize(
    "address",
    [
        "http://10.1.0.7/video?user=eskertu&pwd=hunter2",
        "http://10.1.0.7/video.cgi?PASSWORD=hunter2",
        "http://10.1.0.7/video?a=1;pass=hunter2",
        "rtsp://10.1.0.7/user=eskertu&password=hunter2&channel=1",
        "rtsp://10.1.0.7/user=eskertu_password=hunter2_channel=1",
        "http://10.1.0.7/live?token=hunter2",
        "http://10.1.0.7/live?pwd=%68unter2",
        "http://10.1.0.7/live?pwd={password}&key=hunter2",
    ],
)
def test_no_password_is_given_in_an_address(address: str) -> None:
    with pytest.raises(Refused, match=r"write \{password\} in its place") as refused:
        given_address(address)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "rtsp://10.1.0.7/live?channel=1&subtype=0",
        "http://10.1.0.7/passage?keyframe=1&monkey=2",
        "rtsp://10.1.0.7/user=admin&password=&channel=1",
        "http://10.1.0.7/video?user={username}&pwd={password}",
    ],
)
def test_addresses_without_one_are_taken(address: str) -> None:
    assert given_address(address) == address


def test_a_camera_that_wants_them_in_its_address_is_given_them_there() -> None:
    there = Credentials("door man", "p&ss/?=%")
    opened = ALLOWED.reach("http://10.1.0.7/video?user={username}&pwd={password}", there, look_up)
    assert opened.url == "http://10.1.0.7:80/video?user=door%20man&pwd=p%26ss%2F%3F%3D%25"
    assert "p%26ss" not in repr(opened)
    assert ALLOWED.reach("http://10.1.0.7/v?pwd={password}", None, look_up).url == "http://10.1.0.7:80/v?pwd="

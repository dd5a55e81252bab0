"""Whatever is sent to the pages of cameras, signs and holds: it is refused in words, and nothing of ours fails."""

from urllib.parse import urlencode

import pytest

from tests.pages.filmed import add_camera
from tests.pages.people import PASSWORD, Town, Visitor
from tests.pages.signing import Signs
from tests.pages.test_sign_texts import drafted

FIELDS = (
    *("zone", "centre", "code", "name", "url", "username", "networks", "from", "to", "review", "case", "reason"),
    *("by", "source", "objects", "when", "grace", "draft", "shown", "kk-purpose", "en-kept", "hold", "day"),
)
VALUES = {
    "nothing": b"",
    "nul": b"%00",
    "no text": b"%ff%fe%c0",
    "enormous": b"9" * 100_000,
    "negative": b"-1",
    "end of time": b"9999-12-31T23:59:59.999999-23:59",
    "begin of time": b"0001-01-01T00:00+23:59",
    "pattern": b"%7Bpassword%7D%7B%7D%25s%00",
    "address": b"rtsp://[::ffff:10.1.0.1%25eth0]:99999/%7Bpassword%7D",
    "half an address": b"http://[",
    "half of a pair": b"%ed%a0%80",
}


@pytest.fixture(scope="module")
def addresses(town: Town) -> dict[str, list[str]]:
    """What takes fields, by who may send them."""
    pavel, mira = town.signed_in("pavel"), town.person("mira")
    assert mira.centre_id is not None
    camera, zone = add_camera(town.house, mira.centre_id, "strange"), Signs(town.house).zone("strange")
    path, here = drafted(pavel, "Strange"), f"/cameras/{camera}"
    of_cameras = ["/cameras/new", "/cameras/try", "/cameras/zones/new", f"{here}/settings", f"{here}/try"]
    of_days = [f"{here}/hold", f"{here}/clips", f"{here}/converted", "/holds/set"]
    return {
        "mira": [*of_cameras, *of_days, f"/signs/{zone}/withdraw"],
        "pavel": ["/holds/set", f"{path}/publish", "/signs/texts/drafts"],
        "charlie": [f"/centres/{mira.centre_id}/networks", "/centres", *of_cameras],
        "seen by mira": [here, *(f"{here}/{each}" for each in ("day.json", "previews.json", "playlist.m3u8", "span"))],
        "seen by pavel": [path, "/signs/texts/new", "/holds", "/holds/new"],
    }


def sent(visitor: Visitor, address: str, body: bytes) -> int:
    told = {"Origin": visitor.base, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    form = "application/x-www-form-urlencoded"
    return visitor.client.post(
        address, data=body, content_type=form, headers=told, base_url=visitor.base
    ).status_code  # fmt: skip


@pytest.mark.parametrize("name", ["mira", "pavel", "charlie"])
@pytest.mark.parametrize("value", VALUES)
def test_no_form_fails(town: Town, addresses: dict[str, list[str]], name: str, value: str) -> None:
    visitor = town.signed_in(name)
    ours = urlencode({"form": visitor.form("/sessions"), "confirm_password": PASSWORD}).encode()
    all_of_it = b"&".join(each.encode() + b"=" + VALUES[value] for each in FIELDS if len(VALUES[value]) < 1000)
    for address in addresses[name]:
        # Each field once, and once more; and none at all.
        for body in (b"&".join((ours, all_of_it, all_of_it)), ours, ours + b"&from=" + VALUES[value]):
            assert sent(visitor, address, body) < 500, (address, value)


@pytest.mark.parametrize("name", ["mira", "pavel"])
@pytest.mark.parametrize("value", [each for each in VALUES if each != "enormous"])
def test_no_page_fails(town: Town, addresses: dict[str, list[str]], name: str, value: str) -> None:
    visitor = town.signed_in(name)
    asked = b"&".join(each.encode() + b"=" + VALUES[value] for each in FIELDS).decode()
    for address in addresses[f"seen by {name}"]:
        assert visitor.get(f"{address}?{asked}").status_code < 500, (address, value)

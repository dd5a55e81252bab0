"""A town in which there is something to see on every page, and whose pages there are: for pictures and for weights."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from playwright.sync_api import Page

from app.auth.policy import Viewer
from app.web.navigation import areas_of
from storage.ledger.log import sequence
from storage.models import Camera
from tests.bench.ground import BUCKET, seaweed
from tests.house import House
from tests.pages.filmed import Filmed, filmed
from tests.pages.officer import Shown, call_of, more_officers, pages_with_something
from tests.pages.people import PASSWORD, Town
from tests.pages.reviewing import reviewed
from video.clips_asked import ask

CALLS = [
    ("stay", "kk", "listen"),
    ("stay", "ru", "hangup-during-notice"),
    ("opt_out", "en", "press:2"),
    ("opt_out", "kk", "listen"),
    ("opt_in", "ru", "press:1"),
    ("opt_in", "kk", "listen"),
]
# What is seen without an area of one's own: whose, under which name, where.
BESIDES = {
    "stranger": [
        ("sign-in", "/sign-in"),
        ("public", "/n/ast/stay"),
        ("first-password", "/first-password"),
        ("nothing", "/nothing"),
    ],
    "alice": [
        ("recording", "/recordings/{recording}"),
        ("call", "/calls/{call}"),
        ("calls-scored", "/calls?score_from=1"),
        ("reviews-scored", "/reviews?score_from=1"),
        ("own-password", "/password"),
        ("nothing", "/holds"),
    ],
    "pavel": [
        ("call", "/calls/{call}"),
        ("sign-texts", "/signs/texts"),
        ("sign-texts-new", "/signs/texts/new"),
        ("sign", "/signs/{zone}"),
    ],
    "mira": [
        ("camera-day", "/cameras/{camera}"),
        ("camera-new", "/cameras/new"),
        ("camera-settings", "/cameras/{camera}/settings"),
        ("zone-new", "/cameras/zones/new"),
        ("sign", "/signs/{zone}"),
        ("span", "/cameras/{camera}/span?{span}"),
        ("clip", "/clips/{clip}"),
    ],
    "charlie": [("centre", "/centres/{centre}"), ("line", "/lines/{line}"), ("person", "/people/{person}")],
}
NAMES = ("stranger", "alice", "pavel", "charlie", "aidar", "mira")


@dataclass(frozen=True)
class Lively:
    """The town, and the officer's pages in it."""

    town: Town
    officers: list[Shown]
    filmed: Filmed
    clip_id: str

    def path(self, path: str) -> str:
        """An address with what stands in it."""
        town = self.town
        return path.format(
            recording=town.kept.id,
            call=call_of(town, town.kept.id),
            line=town.house.lines()[0].id,
            person=town.person("bob").id,
            camera=self.filmed.camera_id,
            zone=town.house.ask(lambda s: s.get_one(Camera, self.filmed.camera_id).zone_id),
            centre=town.person("mira").centre_id,
            span=urlencode({"from": self.filmed.runs[0].isoformat(), "to": self.filmed.runs[1].isoformat()}),
            clip=self.clip_id,
        )

    def pages_of(self, name: str) -> list[Shown]:
        """Somebody's pages."""
        found = [*BESIDES.get(name, []), *(self.officers if name == "pavel" else [])]
        if name != "stranger":
            person, there = self.town.person(name), {path for _, path in found}
            areas = areas_of(Viewer(person.role, person.centre_id, person.active))
            found += [(area.name, area.path) for area in areas if area.path not in there]
        return [(what, self.path(path)) for what, path in found]


@contextmanager
def lively() -> Iterator[Lively]:
    """Calls of all outcomes and languages over some days, and what people have done with them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with seaweed(folder) as store, House(folder / "home", store.store(BUCKET)).open() as house:
            town = Town(house)
            for day in range(3):
                for mode, language, do in CALLS[day:]:
                    house.call(mode, language, do)
                    house.work()
                house.clock.sleep(24 * 3600)
            more_officers(town)
            officers = pages_with_something(town)
            house.at.peaks.run()
            reviewed(town)
            assert house.at.counting.run()
            yield Lively(town, officers, *seen_on_a_camera(town))


def seen_on_a_camera(town: Town) -> tuple[Filmed, str]:
    """A camera of Mira's centre with two runs, and a clip of it."""
    house, mira = town.house, town.person("mira")
    assert mira.centre_id is not None
    here = filmed(house, mira.centre_id)
    with house.at.database.begin() as session:
        camera = session.get_one(Camera, here.camera_id)
        clip_id = ask(session, camera, (here.runs[0], here.runs[1]), mira.id, house.clock.now()).id
    with house.at.database.begin() as session:
        sequence(session)
    assert house.at.clips.run() == 1
    return here, clip_id


def enter(page: Page, base: str, name: str) -> None:
    """Sign in."""
    page.goto(f"{base}/sign-in")
    page.locator("#email").fill(f"{name}@example.com")
    page.locator("#password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)

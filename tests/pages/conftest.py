"""A real browser: Debian's Chromium, and what tests have it do."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.backend import MadeDatabases
from tests.house import House
from tests.pages.people import Town

if TYPE_CHECKING:
    from tests.seaweed import Seaweed

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]

# Plays until a second of sound was heard, for ten seconds at most (a busy machine takes its time); says how far it
# came, and how loud it was.
LISTEN = """
async () => {
  const audio = document.querySelector("audio");
  const context = new AudioContext();
  const meter = context.createAnalyser();
  context.createMediaElementSource(audio).connect(meter);
  await audio.play();
  let loudest = 0;
  const samples = new Float32Array(meter.fftSize);
  const until = performance.now() + 10000;
  while (performance.now() < until && !audio.ended && (audio.currentTime < 1 || loudest < 0.02)) {
    meter.getFloatTimeDomainData(samples);
    for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { at: audio.currentTime, loudest, error: audio.error && audio.error.message };
}
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is seen in a browser says so, so that a second round can do without."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip("no Chromium here (Debian's package chromium)")
    # A busy machine takes its time.
    expect.set_options(timeout=30_000)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield started
        started.close()


@pytest.fixture(scope="module")
def town(
    tmp_path_factory: pytest.TempPathFactory, store_server: "Seaweed", made_databases: MadeDatabases
) -> Iterator[Town]:
    """A house with people who can sign in. One for a module: whoever ends access brings their own."""
    from tests.seaweed import made_bucket

    with (
        made_databases() as databases,
        made_bucket(store_server, locked=True) as bucket,
        House(tmp_path_factory.mktemp("town"), store_server.store(bucket), databases).open() as house,
    ):
        yield Town(house)

"""A town whose clock is the wall's, with a practice phone that its pages reach, and a worker that works meanwhile."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from tests.house import House
from tests.practice.customer import ACCOUNT, TOKEN, FastClock


class WallClock(FastClock):
    """Goes as the wall's does once it was started: until then, time passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.started = False

    def now(self) -> datetime:
        return datetime.now(UTC) if self.started else super().now()

    def sleep(self, seconds: float) -> None:
        if self.started:
            time.sleep(max(0.0, seconds))
        else:
            super().sleep(seconds)


def connect_practice(house: House) -> None:
    """Let the house's pages know its practice phone."""
    folder = house.at.home / "practice"
    folder.mkdir(exist_ok=True)
    account = {"account_sid": ACCOUNT, "auth_token": TOKEN, "api_base_url": house.rest.url}
    (folder / "account.json").write_text(json.dumps(account))


@contextmanager
def working(house: House) -> Iterator[None]:
    """The worker works while the block lasts."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.3):
            house.work()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()

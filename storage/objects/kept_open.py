"""Opened objects, kept for a minute: a player asks for one part after another, and each would open the object anew.

What is kept is the object's cipher, which can open its bytes, and the sealed begin of them. That shows nobody anything:
who asks for a part is asked for the right to it, and whether it is stored still, each time, and a deletion takes the
bytes from the store. It is no longer in memory than a key is in that of somebody who downloads the object: a minute
after it was opened it is let go, whether or not anybody asks again. Each process has its own; nothing of it is written.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from storage.objects.opening import Opened

KEPT_S = 60.0
MOST = 64


class KeptOpen:
    """At most so many of them, each for so many seconds after it was opened. Threads may share one."""

    def __init__(self, kept_s: float = KEPT_S, most: int = MOST, now: Callable[[], float] = time.monotonic) -> None:
        self._kept_s = kept_s
        self._most = most
        self._now = now
        self._found: OrderedDict[Hashable, tuple[float, Opened]] = OrderedDict()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def __len__(self) -> int:
        return len(self._found)

    def get(self, name: Hashable) -> Opened | None:
        """What was kept by that name, if its time is not over."""
        with self._lock:
            kept = self._found.get(name)
            return kept[1] if kept is not None and self._now() < kept[0] else None

    def keep(self, name: Hashable, opened: Opened) -> None:
        """Keep it. The oldest one goes where there are too many."""
        with self._lock:
            self._found.pop(name, None)
            self._found[name] = (self._now() + self._kept_s, opened)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
            self._wake_later()

    def forget(self) -> None:
        """Let go of those whose time is over."""
        with self._lock:
            # The oldest are in front, and each is kept as long as another.
            while self._found and next(iter(self._found.values()))[0] <= self._now():
                self._found.popitem(last=False)
            self._timer = None
            if self._found:
                self._wake_later()

    def _wake_later(self) -> None:
        # A fork takes no threads along: there the timer is not alive.
        if self._timer is None or not self._timer.is_alive():
            self._timer = threading.Timer(self._kept_s, self.forget)
            self._timer.daemon = True
            self._timer.start()

"""In how long a spool is full, at the rate at which it has been filling. Pure, but for what it remembers.

Normally a spool fills for a segment's length and is emptied. So what counts is the least that lay in it a while ago
against the least of late: only where nothing is stored does that grow.
"""

from collections import deque

WINDOW_S = 120.0


class Filling:
    """Of one spool. `room` is what it can take on top of what lies in it, in bytes."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def see(self, at_s: float, used: int) -> None:
        """Note how many bytes lie in it, at a moment of a monotonic clock."""
        self._seen.append((at_s, used))
        while self._seen and at_s - self._seen[0][0] > WINDOW_S:
            self._seen.popleft()

    def full_in_s(self, room: int) -> int | None:
        """Seconds until there is no room; None where it does not fill, or nothing is known yet."""
        if len(self._seen) < 2:
            return None
        begin, end = self._seen[0][0], self._seen[-1][0]
        half = (begin + end) / 2
        early = min(used for at, used in self._seen if at <= half)
        late = min(used for at, used in self._seen if at > half)
        # The two least ones are about half of the time apart.
        rate = (late - early) / max((end - begin) / 2, 1.0)
        if early == 0 or rate <= 0:
            return None
        return max(0, round(room / rate))

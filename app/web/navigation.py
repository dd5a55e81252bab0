"""The areas of the pages, in the order in which they are shown. Each is shown to whoever may open it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.auth.policy import Viewer, may_open


@dataclass(frozen=True)
class Area:
    """One entry. `name` is also the text it is shown by, and what its pages say they belong to."""

    name: str
    path: str


AREAS = (
    Area("overview", "/"),
    Area("recordings", "/recordings"),
    Area("reviews", "/reviews"),
    Area("calls", "/calls"),
    Area("practice", "/practice"),
    Area("centres", "/centres"),
    Area("lines", "/lines"),
    Area("people", "/people"),
    Area("health", "/health"),
    Area("cameras", "/cameras"),
    Area("signs", "/signs"),
    Area("notices", "/notices"),
    Area("holds", "/holds"),
    Area("purges", "/purges"),
    Area("policies", "/policies"),
    Area("receipts", "/receipts"),
    Area("ledger", "/ledger"),
    Area("findings", "/findings"),
    Area("declined", "/declined"),
    Area("sessions", "/sessions"),
)


def areas_of(viewer: Viewer) -> Sequence[Area]:
    """What somebody may open."""
    return [area for area in AREAS if may_open(viewer, area.path)]

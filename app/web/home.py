"""Where somebody who is signed in lands: what needs them, what came in, what is stored and when it goes."""

from zoneinfo import ZoneInfo

from flask import Blueprint, render_template

from app.overview.calls import OUTCOMES, calls
from app.overview.needs import COUNTED, needs
from app.overview.stored import stored
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.sessions import NOWHERE
from app.wiring import Installation


def home(at: Installation) -> Blueprint:
    """/."""
    area = Blueprint("home", __name__)

    @area.get("/")
    def overview() -> str:
        now, centre = at.clock.now(), who_asks().person.centre
        zone = ZoneInfo(centre.timezone) if centre is not None else NOWHERE
        with at.database.read() as session:
            came, kept = calls(session, viewer(), now, zone), stored(session, viewer())
        return render_template(
            "overview/overview.html",
            **texts(),
            calls=came,
            outcomes=OUTCOMES,
            stored=kept,
            needs=needs(at, viewer(), now),
            most_counted=COUNTED,
            zone=zone,
            centre=centre,
        )

    return area

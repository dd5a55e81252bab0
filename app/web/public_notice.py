"""/n/<centre>/<line>: the page that everybody may read, without a cookie."""

from flask import Blueprint, make_response, render_template
from werkzeug.wrappers import Response

from app.public_notice import public_notice
from app.web.messages import texts
from app.wiring import Installation
from config.settings import UNNAMED
from storage.errors import NotFound


def public_notices(at: Installation) -> Blueprint:
    """The notice page of each line."""
    area = Blueprint("public_notice", __name__)

    @area.get("/n/<centre>/<line>")
    def page(centre: str, line: str) -> Response:
        said = texts()
        try:
            notice = public_notice(at, centre, line)
        except NotFound:
            return make_response(render_template("public_notice/unknown.html", **said), 404)
        settings = at.settings
        return make_response(
            render_template(
                "public_notice/notice.html",
                **said,
                notice=notice,
                controller=None if settings.controller == UNNAMED else settings.controller,
                contact=settings.privacy_contact,
                verifier=at.ledger.verifier() if notice.checkpoint is not None else None,
            )
        )

    return area

"""Where somebody who is signed in lands: the first area that is theirs."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from app.web.gate import viewer
from app.web.navigation import areas_of


def home() -> Blueprint:
    """/."""
    area = Blueprint("home", __name__)

    @area.get("/")
    def first() -> Response:
        return redirect(areas_of(viewer())[0].path, 303)

    return area

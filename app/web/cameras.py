"""Cameras: how they stand, setting one up with a test of its address, switching it off and on."""

import base64

from flask import Blueprint, g, redirect, render_template, request
from werkzeug.wrappers import Response

from app.auth.policy import may
from app.cameras.cards import cards
from app.cameras.setup import SET_UP, Given, allowed_in, camera_set_up, tried, zone_chosen, zones
from app.cameras.states import states
from app.privacy.people import zone_of
from app.web.gate import viewer, who_asks
from app.web.messages import texts
from app.web.refusals import Said, said
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.models import Camera
from video.cameras import add_camera, change_camera, switch
from video.trial import Trial


class CamerasArea:
    """One installation's."""

    def __init__(self, at: Installation) -> None:
        self._at = at

    def blueprint(self) -> Blueprint:
        """The addresses."""
        area = Blueprint("cameras", __name__, url_prefix="/cameras")
        area.get("")(self.all)
        area.get("/new")(self.new)
        area.post("/new")(self.add)
        area.post("/try")(self.try_new)
        area.get("/<camera_id>/settings")(self.settings)
        area.post("/<camera_id>/settings")(self.change)
        area.post("/<camera_id>/try")(self.try_changed)
        area.post("/<camera_id>/off")(self.off)
        area.post("/<camera_id>/on")(self.on)
        return area

    def all(self) -> str:
        """The cards."""
        with self._at.database.read() as session:
            found = cards(session, viewer(), self._at.clock.now())
        return render_template(
            "cameras/cards.html",
            **texts(),
            cards=found,
            zone=zone_of(who_asks().person),
            sets_up=may(viewer(), SET_UP, viewer().centre_id),
            days=viewer().role != "administrator",
        )

    def new(self) -> str:
        """An empty form."""
        return self._new(Given(request.args.get("zone", ""), "", "", "", ""))

    def add(self) -> Response | tuple[str, int]:
        """Make a camera."""
        given = _given()
        try:
            with self._at.database.begin() as session:
                made = add_camera(
                    session,
                    zone=zone_chosen(session, viewer(), given.zone),
                    code=given.code,
                    address=given.url,
                    credentials=given.credentials,
                    passwords=self._at.camera_passwords,
                    now=self._at.clock.now(),
                )
                camera_id = made.id
        except NotFound:
            raise
        except Refused as error:
            return self._new(given, problem=said(error)), 400
        return redirect(f"/cameras/{camera_id}/settings", 303)

    def try_new(self) -> str | tuple[str, int]:
        """Open what the form says, and show the form again with what came of it."""
        given = _given()
        try:
            trial = tried(self._at, viewer(), who_asks().person.id, given)
        except NotFound:
            raise
        except Refused as error:
            return self._new(given, problem=said(error)), 400
        return self._new(given, trial=trial)

    def settings(self, camera_id: str) -> str:
        """One camera: how it stands, its address, its switch."""
        return self._settings(camera_id)

    def change(self, camera_id: str) -> Response | tuple[str, int]:
        """Another address, another password."""
        given = _given()
        try:
            with self._at.database.begin() as session:
                camera = camera_set_up(session, viewer(), camera_id)
                change_camera(camera, self._at.camera_passwords, address=given.url, credentials=given.credentials)
        except NotFound:
            raise
        except Refused as error:
            return self._settings(camera_id, given, problem=said(error)), 400
        return redirect(f"/cameras/{camera_id}/settings", 303)

    def try_changed(self, camera_id: str) -> str | tuple[str, int]:
        """The same for a camera that is there; its password is taken if the address is still its own."""
        given = _given()
        with self._at.database.read() as session:
            camera = camera_set_up(session, viewer(), camera_id)
        given = Given(camera.zone_id, camera.code, given.url, given.username, given.password)
        try:
            trial = tried(self._at, viewer(), who_asks().person.id, given, camera)
        except NotFound:
            raise
        except Refused as error:
            return self._settings(camera_id, given, problem=said(error)), 400
        return self._settings(camera_id, given, trial=trial)

    def off(self, camera_id: str) -> Response:
        """Switch it off."""
        return self._switch(camera_id, on=False)

    def on(self, camera_id: str) -> Response:
        """Switch it on again."""
        return self._switch(camera_id, on=True)

    def _switch(self, camera_id: str, *, on: bool) -> Response:
        with self._at.database.begin() as session:
            camera = camera_set_up(session, viewer(), camera_id)
            switch(session, camera, on=on, by=who_asks().person.id, now=self._at.clock.now())
        return redirect(f"/cameras/{camera_id}/settings", 303)

    def _new(self, given: Given, *, trial: Trial | None = None, problem: Said | None = None) -> str:
        with self._at.database.read() as session:
            found = zones(session, viewer())
        return render_template(
            "cameras/new.html",
            **texts(),
            zones=found,
            given=given,
            centre=next((each.centre for each in found if each.id == given.zone), None),
            problem=problem,
            trial=trial,
            shown=_shown(trial),
        )

    def _settings(
        self,
        camera_id: str,
        given: Given | None = None,
        *,
        trial: Trial | None = None,
        problem: Said | None = None,
    ) -> str:
        with self._at.database.read() as session:
            camera = camera_set_up(session, viewer(), camera_id)
            (seen,) = states(session, self._at.clock.now(), Camera.id == camera.id)
        return render_template(
            "cameras/settings.html",
            **texts(),
            camera=camera,
            seen=seen,
            zone=zone_of(who_asks().person),
            given=given or Given(camera.zone_id, camera.code, camera.address, "", ""),
            problem=problem,
            trial=trial,
            shown=_shown(trial),
            outside=trial is None and allowed_in(camera.centre).excludes(camera.address),
            days=viewer().role != "administrator",
        )


def _given() -> Given:
    form = request.form
    return Given(
        form.get("zone", ""),
        form.get("code", "").strip(),
        form.get("url", "").strip(),
        form.get("username", "").strip(),
        form.get("password", ""),
    )


def _shown(trial: Trial | None) -> str | None:
    """A picture that nothing keeps: it stands in the page itself."""
    if trial is None or trial.picture is None:
        return None
    g.pictures = True
    return "data:image/jpeg;base64," + base64.b64encode(trial.picture).decode()


def cameras(at: Installation) -> Blueprint:
    """/cameras and what is below it, but for a camera's days."""
    return CamerasArea(at).blueprint()

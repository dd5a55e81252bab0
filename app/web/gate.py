"""In front of every request: who may open this address (app/auth/routes.py), and is a form one of ours?

An address that stands in no table is opened by nobody. A form is ours when it carries what we wrote into it for this
very browser, and the browser, where it says so, sends it from a page of ours.
"""

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, abort, current_app, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as AnyResponse

from app.auth.links import PATH as FIRST_PASSWORD
from app.auth.policy import Viewer, grants, may_open, takes_confirmation
from app.auth.roles import BY_PURPOSE, Access, ByToken
from app.auth.routes import ROUTES
from app.auth.sessions import SignedIn, is_confirmed
from app.auth.sign_in import Confirmation
from app.auth.tokens import Bearer, NotAdmitted
from app.web.navigation import areas_of
from app.wiring import Installation
from storage.errors import Refused

SIGN_IN = "/sign-in"
# Where whoever is not signed in finds a form.
FOR_STRANGERS = (SIGN_IN, FIRST_PASSWORD)
FORM_FIELD = "form"
CONFIRMING_FIELD = "confirm_password"


class FormRefused(Refused):
    """A form that is not one of ours, or was written for another session."""


class NotConfirmed(Refused):
    """What takes the password once more came without, or with a wrong one. `locked`: it was not looked at."""

    def __init__(self, *, locked: bool) -> None:
        if locked:
            super().__init__("there were too many wrong passwords")
        else:
            super().__init__("the password is not right")
        self.locked = locked


class Gate:
    """Stands in front of one application."""

    def __init__(self, at: Installation) -> None:
        self._at = at

    def install(self, app: Flask) -> None:
        """Stand there."""
        app.before_request(self._check)
        app.context_processor(self._for_pages)
        app.after_request(self._show_visitor)

    @property
    def secure(self) -> bool:
        """Whether browsers come over TLS."""
        return self._at.site.base_url.startswith("https://")

    def shown(self) -> str | None:
        """What the browser shows as its session."""
        return request.cookies.get(self._cookie("session"))

    def show(self, response: AnyResponse, token: str) -> None:
        """Have the browser show a session from now on, until it is closed."""
        self._set(response, "session", token)

    def out(self) -> AnyResponse:
        """To the sign-in page, and the browser shows no session any more."""
        answer = redirect(SIGN_IN, 303)
        answer.delete_cookie(self._cookie("session"), httponly=True, samesite="Lax", secure=self.secure)
        return answer

    def form_value(self) -> str:
        """What a form carries, so that we know it again: for this session, or for this visitor."""
        return self._signed(self._bound())

    def _check(self) -> AnyResponse | None:
        if request.url_rule is None:
            return None
        rule = request.url_rule.rule
        who = ROUTES.get(rule)
        if who is None:
            abort(404)
        if isinstance(who, ByToken):
            g.bearer = self._bearer(who)
            return None
        return self._check_page(rule, who)

    def _check_page(self, rule: str, who: str | Access) -> AnyResponse | None:
        if has_forms(rule) and request.method == "POST" and not self._is_own_page():
            raise FormRefused("this form was sent from another site")
        if isinstance(who, Access):
            token = self.shown()
            found = self._at.sign_in.signed_in(token) if token else None
            if found is None:
                return redirect(url_for("sign_in.page", next=_wanted()), 303)
            g.who = found
            if not may_open(viewer(), rule):
                abort(404)
        if has_forms(rule) and request.method == "POST":
            given = request.form.get(FORM_FIELD, "")
            if not hmac.compare_digest(given.encode(), self.form_value().encode()):
                raise FormRefused("this form is not one of ours, or was open for too long")
            if takes_confirmation(rule):
                self._confirm()
        return None

    def _bearer(self, at_address: ByToken) -> Bearer:
        """Whose token opens an address of the API, for the present method. No cookie does."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotAdmitted
        bearer = self._at.tokens.admitted(token.strip())
        access, scope = at_address.takes(request.method)
        person = bearer.person
        if access is None or not grants(access, Viewer(person.role, person.centre_id, person.active)):
            abort(404)
        # Refusals of media stand in the ledger: whoever grants it looks at the scope, too.
        if access.within != BY_PURPOSE and scope not in bearer.scopes:
            raise NotAdmitted(scope)
        return bearer

    def _confirm(self) -> None:
        if is_confirmed(who_asks(), self._at.clock.now()):
            return
        found = self._at.sign_in.confirm(who_asks(), request.form.get(CONFIRMING_FIELD, ""))
        if found is not Confirmation.RIGHT:
            raise NotConfirmed(locked=found is Confirmation.LOCKED)

    def _for_pages(self) -> dict[str, object]:
        who = g.get("who")
        return {
            "who": who,
            "form": self.form_value,
            "confirmed": who is not None and is_confirmed(who, self._at.clock.now()),
            "areas": areas_of(viewer()) if who is not None else (),
            "may_open": lambda rule: who is not None and may_open(viewer(), rule),
        }

    def _is_own_page(self) -> bool:
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        origin = request.headers.get("Origin") or request.headers.get("Referer")
        if origin is None:
            return site == "same-origin"
        parts = urlsplit(origin)
        ours = {self._at.site.base_url, f"{request.scheme}://{request.host}"}
        return site == "same-origin" and f"{parts.scheme}://{parts.netloc}" in {_origin(each) for each in ours}

    def _bound(self) -> str:
        if "who" in g:
            return "session\0" + (self.shown() or "")
        if "visitor" not in g:
            g.visitor = request.cookies.get(self._cookie("visitor")) or secrets.token_urlsafe(16)
        return "visitor\0" + str(g.visitor)

    def _signed(self, bound: str) -> str:
        return hmac.new(self._at.web_secret, b"form\0" + bound.encode(), hashlib.sha256).hexdigest()

    def _show_visitor(self, response: Response) -> Response:
        visitor = g.get("visitor")
        if visitor is not None and request.cookies.get(self._cookie("visitor")) != visitor:
            self._set(response, "visitor", visitor)
        return response

    def _cookie(self, name: str) -> str:
        # The prefix keeps a neighbour on another host of the same domain from setting it.
        return f"{'__Host-' if self.secure else ''}eskertu_{name}"

    def _set(self, response: AnyResponse, name: str, value: str) -> None:
        response.set_cookie(self._cookie(name), value, httponly=True, samesite="Lax", secure=self.secure)


def has_forms(rule: str) -> bool:
    """Whether there are forms on the pages of that address."""
    return rule in FOR_STRANGERS or isinstance(ROUTES.get(rule), Access)


def who_asks() -> SignedIn:
    """Who is signed in, behind the gate."""
    who: SignedIn = g.who
    return who


def viewer() -> Viewer:
    """Who is signed in, as app.auth.policy decides about them."""
    person = who_asks().person
    return Viewer(person.role, person.centre_id, person.active)


def own_page(text: str) -> str:
    """Where to go after sign-in: a page of ours that needs it, or where one lands. Never another site's."""
    parts = urlsplit(text)
    if not text.startswith("/") or text.startswith("//") or parts.scheme or parts.netloc:
        return "/"
    try:
        rule, _ = current_app.url_map.bind("").match(parts.path, method="GET", return_rule=True)
    except (HTTPException, RequestRedirect):
        return "/"
    if not isinstance(ROUTES.get(rule.rule), Access):
        return "/"
    return urlunsplit(("", "", parts.path, parts.query, ""))


def _wanted() -> str | None:
    if request.method not in ("GET", "HEAD") or (request.path == "/" and not request.query_string):
        return None
    return request.full_path.removesuffix("?")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"

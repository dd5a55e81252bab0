"""The web application: areas put together, and the one place where errors become pages and problem documents."""

import secrets

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, g, jsonify, render_template, request
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.api import openapi
from app.api.problem import problem_document
from app.api.v1.area import api
from app.auth.pass_link import Passes
from app.auth.tokens import NotAdmitted
from app.uploads import close_uploads, take_uploads
from app.web.administration import administration
from app.web.calls import calls
from app.web.cameras import cameras
from app.web.clips import clips
from app.web.declined import declined
from app.web.evidence import evidence
from app.web.findings import findings
from app.web.first_password import first_password
from app.web.footage import footage
from app.web.gate import FormRefused, Gate, NotConfirmed, has_forms
from app.web.health import health
from app.web.holds import holds
from app.web.home import home
from app.web.ledger import ledger
from app.web.messages import remember_language, texts
from app.web.notice_drafts import notice_drafts
from app.web.notices import notices
from app.web.own_password import own_password
from app.web.play import play
from app.web.policies import policies
from app.web.practice import practice
from app.web.public_notice import public_notices
from app.web.purges import purges
from app.web.receipts import receipts
from app.web.recordings import recordings
from app.web.refusals import said
from app.web.review import review
from app.web.sessions import sessions
from app.web.sign_in import sign_in_area
from app.web.sign_texts import sign_texts
from app.web.signs import signs
from app.web.tokens import tokens_area
from app.web.zones import zones
from app.wiring import Installation
from storage.errors import NotFound, Refused
from storage.objects.keys import KeyProblem
from storage.objects.store import StoreError

log = structlog.get_logger()

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'{styles}; img-src 'self'{pictures}; "
    "media-src 'self'{streams}; connect-src 'self'; base-uri 'none'; form-action {forms}; frame-ancestors 'none'"
)
PROBLEMS = {
    400: "wrong_request",
    403: "form_refused",
    404: "not_found",
    405: "not_found",
    413: "too_large",
    429: "password_locked",
    503: "unavailable",
}


def create_app(at: Installation) -> APIFlask:
    """The application of one installation. Makes no connection: servers fork after this."""
    app = APIFlask("app", title="Eskertu", version="0.1.0", docs_path=None, json_errors=False)
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    openapi.set_up(app)
    # Before the gate, which reads what was sent.
    app.before_request(take_uploads)
    app.teardown_request(close_uploads)
    gate = Gate(at)
    gate.install(app)
    app.register_blueprint(health(at))
    app.register_blueprint(at.webhooks.blueprint())
    app.register_blueprint(play(at, Passes(at.home)))
    app.register_blueprint(public_notices(at))
    app.register_blueprint(sign_in_area(at, gate))
    app.register_blueprint(first_password(at))
    app.register_blueprint(sessions(at, gate))
    app.register_blueprint(own_password(at, gate))
    app.register_blueprint(home(at))
    app.register_blueprint(tokens_area(at))
    app.register_blueprint(recordings(at))
    app.register_blueprint(calls(at))
    app.register_blueprint(api(at))
    app.register_blueprint(practice(at))
    app.register_blueprint(administration(at))
    for area in (holds, purges, policies, receipts, ledger, findings, declined, evidence):
        app.register_blueprint(area(at))
    for area in (review, notices, notice_drafts, cameras, footage, clips, signs, sign_texts, zones):
        app.register_blueprint(area(at))
    app.context_processor(lambda: {"style_nonce": style_nonce})
    app.after_request(_with_headers)
    app.after_request(lambda response: remember_language(response, secure=gate.secure))
    app.register_error_handler(Exception, _problem)
    app.register_error_handler(HTTPError, _problem)
    return app


def style_nonce() -> str:
    """What a library of this one page must show for the styles of its own that it writes into the page."""
    if "style_nonce" not in g:
        g.style_nonce = secrets.token_urlsafe(16)
    return str(g.style_nonce)


def _with_headers(response: Response) -> Response:
    forms = request.url_rule is not None and has_forms(request.url_rule.rule)
    styles = f" 'nonce-{g.style_nonce}'" if "style_nonce" in g else ""
    policy = CONTENT_SECURITY_POLICY.format(
        forms="'self'" if forms else "'none'",
        styles=styles,
        streams=" blob:" if "streams" in g else "",
        pictures=" data:" if "pictures" in g else "",
    )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    # With no-referrer a browser sends a form's Origin as `null` (Fetch, 3.2), and we could not tell whose it is.
    response.headers.setdefault("Referrer-Policy", "same-origin" if forms else "no-referrer")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _problem(error: Exception) -> tuple[Response | str, int]:
    status = _status(error)
    if status >= 500:
        log.error("request_failed", path_rule=str(request.url_rule), error=type(error).__name__, exc_info=error)
    if request.path.startswith("/twilio/"):
        return Response(status=status), status
    if request.path.startswith("/api/"):
        told = problem_document(error, status)
        return told, told.status_code
    if isinstance(error, NotConfirmed) and not error.locked:
        problem = "password_wrong"
    else:
        problem = PROBLEMS.get(status, "wrong_request" if status < 500 else "unavailable")
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "text/html":
        # What was refused says why: it is about what was asked, not about us.
        why = said(error) if isinstance(error, Refused) and status in (400, 404) else None
        problem = "refused" if why is not None and status == 400 else problem
        return render_template("problem.html", **texts(), problem=problem, said=why), status
    answer = jsonify({"type": "about:blank", "status": status, "title": type(error).__name__})
    answer.mimetype = "application/problem+json"
    return answer, status


def _status(error: Exception) -> int:
    match error:
        case HTTPException():
            return error.code or 500
        case HTTPError():
            return error.status_code
        case NotAdmitted():
            return 403 if error.scope else 401
        case NotConfirmed():
            return 429 if error.locked else 403
        case FormRefused():
            return 403
        case NotFound() | KeyProblem():
            return 404
        # What a column cannot hold, such as a NUL on PostgreSQL: whoever sent it is wrong, and nothing of ours is away.
        case Refused() | DataError():
            return 400
        case StoreError() | SQLAlchemyError():
            return 503
    return 500

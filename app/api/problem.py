"""Errors of the API as RFC 9457 asks for them: one kind of document, whatever went wrong."""

import json
from http import HTTPStatus
from typing import Any

from apiflask import HTTPError
from flask import Response
from werkzeug.exceptions import HTTPException

from app.api.once import KeyWrong
from app.auth.tokens import NotAdmitted
from app.paging import CursorWrong
from storage.errors import NotFound, Refused
from telephony.pausing import PauseRefused, PauseUnconfirmed

MIMETYPE = "application/problem+json"


def problem_document(error: Exception, status: int) -> Response:
    """What a program is told. `status` is what the error would be on a page."""
    headers: dict[str, str] = {}
    told: dict[str, Any] = {}
    match error:
        case NotAdmitted():
            status = 403 if error.scope else 401
            asks = 'Bearer realm="eskertu"'
            headers["WWW-Authenticate"] = (
                f'{asks}, error="insufficient_scope", scope="{error.scope}"' if error.scope else asks
            )
            told["detail"] = str(error)
        case CursorWrong() | NotFound():
            told["detail"] = str(error)
        case KeyWrong():
            status = 422
            told["detail"] = str(error)
        case PauseUnconfirmed():
            status = 503
            told["detail"] = str(error)
        case PauseRefused():
            status = 409
            told |= {"detail": str(error), "why": error.why}
        case RecursionError():
            status = 400
            told["detail"] = "this JSON is nested too deeply"
        case Refused():
            # It was understood, and cannot be done as things are.
            status = 409
            told["detail"] = str(error)
        case HTTPError():
            told["detail"] = error.message
            told["errors"] = [
                {"where": f"{where}.{field}" if field != "_schema" else where, "what": what}
                for where, fields in dict(error.detail or {}).items()
                for field, whats in dict(fields).items()
                for what in whats
            ]
        case HTTPException():
            headers |= {name: value for name, value in error.get_headers() if name in ("Allow", "Content-Range")}
            told["detail"] = error.description
    return document(status, headers, **told)


def document(status: int, headers: dict[str, str] | None = None, **told: Any) -> Response:  # noqa: ANN401 - JSON
    """A problem of that status."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    content |= {name: value for name, value in told.items() if value}
    return Response(json.dumps(content, ensure_ascii=False), status, headers, mimetype=MIMETYPE)

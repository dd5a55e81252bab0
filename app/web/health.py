"""For machines that look after machines: does the process live, can it serve, how much has it done."""

import sqlalchemy as sa
import structlog
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.wiring import Installation
from storage.upgrade import is_current

log = structlog.get_logger()


def health(at: Installation) -> Blueprint:
    """/healthz, /readyz, /metrics."""
    area = Blueprint("health", __name__)

    @area.get("/healthz")
    def healthz() -> Response:
        return Response("lives\n", mimetype="text/plain")

    @area.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        parts = {"database": lambda: _reachable(at), "migrations": lambda: _current(at), "store": at.store.check}
        told = {}
        for name, ask in parts.items():
            try:
                ask()
                told[name] = "ready"
            except Exception as error:  # noqa: BLE001 - whatever is wrong, it is not ready
                log.warning("not_ready", part=name, error=f"{type(error).__name__}: {error}")
                told[name] = "not ready"
        return told, 200 if set(told.values()) == {"ready"} else 503

    @area.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)

    return area


def _reachable(at: Installation) -> None:
    with at.database.read() as session:
        session.execute(sa.select(1))


def _current(at: Installation) -> None:
    if not is_current(at.database):
        raise RuntimeError("run `eskertu db upgrade`")

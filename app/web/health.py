"""For machines that look after machines: does the process live, can it serve, how much has it done."""

import structlog
from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from app.cameras.upkeep import gauges
from app.readiness import ask_all
from app.wiring import Installation

log = structlog.get_logger()


def health(at: Installation) -> Blueprint:
    """/healthz, /readyz, /metrics."""
    area = Blueprint("health", __name__)

    @area.get("/healthz")
    def healthz() -> Response:
        return Response("lives\n", mimetype="text/plain")

    @area.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        told = {}
        for part, error in ask_all(at):
            told[part] = "ready" if error is None else "not ready"
            if error is not None:
                log.warning("not_ready", part=part, error=f"{type(error).__name__}: {error}")
        return told, 200 if set(told.values()) == {"ready"} else 503

    @area.get("/metrics")
    def metrics() -> Response:
        told = generate_latest()
        try:
            told += generate_latest(gauges(at))
        # The database is away, or not of this version: what this process counted itself is told all the same.
        except Exception as error:  # noqa: BLE001
            log.warning("gauges_unknown", error=type(error).__name__)
        return Response(told, content_type=CONTENT_TYPE_LATEST)

    return area

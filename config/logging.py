"""Logs: one JSON object a line, static event names, and never a person in them.

Events are constants (`recording_stored`), facts are fields. A phone number, a name or an address has no field: a last
guard blanks anything that looks like a phone number, should a third party's error message carry one.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

# +7 701 555 01 23 and the like, also percent-encoded; SIDs, hashes and times have letters, colons or dots in between.
PHONE_NUMBER = re.compile(r"(?:\+|%2B)\d[\d\s()-]{7,18}\d")


def blank_phone_numbers(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace what looks like a phone number in any text of an event."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = PHONE_NUMBER.sub("[number]", value)
    return event


def configure_logging(level: str = "info", process: str = "") -> None:
    """Send structured logs, and those of libraries, to stderr."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        blank_phone_numbers,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    if process:
        structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level.upper()]))

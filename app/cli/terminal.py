"""What several commands have in common: the installation they work on, finding things by code, JSON lines."""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.listings.listing import utc
from app.wiring import Installation
from config.logging import configure_logging
from config.settings import load_settings
from storage.errors import NotFound, Refused
from storage.models import Camera, Centre, Line, Zone

__all__ = (
    "acting_as",
    "camera_coded",
    "centre_coded",
    "installation",
    "json_lines",
    "line_coded",
    "show",
    "utc",
    "zone_coded",
)

F = TypeVar("F", bound=Callable[..., Any])
Coded = TypeVar("Coded", Line, Camera, Zone)

json_lines = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def installation(process: str = "command") -> Installation:
    """The installation that the settings describe, with logging on."""
    settings = load_settings()
    # Who types a command gets one message, not a log: what a library says of its retries stays out of it.
    configure_logging(settings.log_level if process != "command" else "error", process)
    return Installation(settings)


def acting_as(command: F) -> F:
    """`--as EMAIL`, or ESKERTU_AS."""
    return click.option("--as", "email", envvar="ESKERTU_AS", help="Who you are (or ESKERTU_AS).")(command)


def show(rows: Iterable[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """A listing: JSON lines, each as it comes, or a table for people."""
    if as_json:
        for row in rows:
            click.echo(json.dumps(dict(row), ensure_ascii=False))
        return
    listed = [dict(row) for row in rows]
    if not listed:
        click.echo(empty)
        return
    names = list(listed[0])
    cells = [[_cell(row[name]) for name in names] for row in listed]
    widths = [max(len(name), *(len(line[i]) for line in cells)) for i, name in enumerate(names)]
    for line in ([*names], *cells):
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:  # noqa: ANN401 - whatever a listing holds
    if value is None:
        return "–"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def centre_coded(session: Session, code: str) -> Centre:
    """The centre of that code.

    Raises:
        NotFound: naming the centres there are.
    """
    found = session.scalars(sa.select(Centre).where(Centre.code == code)).one_or_none()
    if found is None:
        codes = ", ".join(session.scalars(sa.select(Centre.code).order_by(Centre.code))) or "none yet"
        raise NotFound(f"there is no centre {code!r} (there is: {codes})")
    return found


def line_coded(session: Session, code: str) -> Line:
    """The line of that code: `centre/code`, or bare where it is unique. Raises as `_coded` does."""
    return _coded(session, Line, "line", code)


def camera_coded(session: Session, code: str) -> Camera:
    """The camera of that code, likewise."""
    return _coded(session, Camera, "camera", code)


def zone_coded(session: Session, code: str) -> Zone:
    """The zone of that code, likewise."""
    return _coded(session, Zone, "zone", code)


def _coded(session: Session, model: type[Coded], word: str, code: str) -> Coded:
    """Raises:
    NotFound: if there is none.
    Refused: if there are several; the message lists them.
    """
    centre, _, bare = code.rpartition("/")
    query = sa.select(model).join(Centre, Centre.id == model.centre_id).where(model.code == bare)
    if centre:
        query = query.where(Centre.code == centre)
    found = session.scalars(query.order_by(Centre.code)).unique().all()
    if not found:
        raise NotFound(f"there is no {word} {code!r}")
    if len(found) > 1:
        listed = ", ".join(f"{each.centre.code}/{each.code}" for each in found)
        raise Refused(f"{code!r} is several {word}s: {listed}. Name one of them")
    return found[0]

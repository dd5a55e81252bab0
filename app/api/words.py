"""What fields of the API are made of."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, WithJsonSchema

# How APIFlask takes what an address answers, by status.
Answers = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
# OPTIONS is not answered: nothing here is for pages of other sites.
ONLY = {"provide_automatic_options": False}
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not RFC_3339.fullmatch(value):
        raise ValueError("a moment such as 2026-11-22T09:00:00Z")
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a moment of these times") from error


def _line(value: str) -> str:
    if "\0" in value:
        raise ValueError("no NUL")
    return value


class In(BaseModel):
    """What is sent: nothing that is not known."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Out(BaseModel):
    """What is answered."""

    model_config = ConfigDict(populate_by_name=True)


MomentIn = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-22T09:00:00.000Z"])]
NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=2000, pattern=NO_NUL)]
CaseNumber = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=120, pattern=NO_NUL)]
Word = Annotated[str, AfterValidator(_line), Field(min_length=1, max_length=40, pattern=NO_NUL)]
ObjectId = Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["0f0e0d0c0b0a09080706050403020100"])]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=["9f86d081884c7d659a2feaa0c55ad015" * 2])]
Cursor = Annotated[
    str | None, Field(description="Where the next page begins: send it as `cursor`. Null: this is the last page.")
]


def _number(value: object) -> object:
    return int(value) if isinstance(value, str) and re.fullmatch(r"\d{1,4}", value, re.ASCII) else value


def _whole(value: object) -> object:
    # In JSON Schema 1.0 is an integer, too.
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[StrictInt, BeforeValidator(_whole)]
# The bounds first: behind the validator, the document would not have them.
Percent = Annotated[StrictInt, Field(ge=0, le=100), BeforeValidator(_number)]


class Paging(In):
    """Where a page begins, and how long it is."""

    limit: Annotated[StrictInt, BeforeValidator(_number)] = Field(
        default=50, ge=1, le=200, description="How many at most."
    )
    cursor: str | None = Field(
        default=None, max_length=800, description="`next` of the page before; without it, the first page."
    )

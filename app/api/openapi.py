"""The OpenAPI document: what APIFlask writes, and what is the same for every address."""

from typing import Any

from apiflask import APIFlask

from app.api.once import HEADER, KEY, REPLAYED
from app.api.problem import MIMETYPE
from app.auth.roles import ByToken
from app.auth.routes import ROUTES

DESCRIPTION = """Everything that Eskertu tells and does, for programs.

A person makes a *token* at `/tokens`, for some of what they may themselves; a program sends it as `Authorization:
Bearer …`. Lists come a page at a time: send `next` as `cursor`. A request that does something can carry an
`Idempotency-Key`: sent again, it does nothing again, and gets the same answer word for word, for a day. Whatever goes
wrong is told as `application/problem+json` (RFC 9457). What proves no right is answered as if there were nothing (404).
"""
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string", "examples": ["Not Found"]},
        "status": {"type": "integer", "examples": [404]},
        "detail": {"type": "string", "description": "what, why, and what to do"},
        "why": {
            "type": "string",
            "description": "of a pause: over, not_recorded, not_yet, not_paused, busy or refused",
        },
        "errors": {
            "type": "array",
            "description": "what is wrong with what was sent, and where",
            "items": {
                "type": "object",
                "required": ["where", "what"],
                "properties": {"where": {"type": "string"}, "what": {"type": "string"}},
            },
        },
    },
}
# What leaves the house is told to the ledger each time, and its answer is not kept for a repeat: it is about a person.
GIVES_OUT = ("/evidence/pdf", "/evidence/vcon")
ALWAYS = {
    "401": "There is no token, or it has ended.",
    "403": "The token is not for this.",
    "404": "There is nothing here, or you may not know of it.",
    "422": "What was sent is not as it must be.",
    "503": "Something that this needs is away: try again.",
}
TO_BE_DONE = {
    "400": "This is no JSON.",
    "409": "It was understood, and cannot be done as things are; or the key was given with another request.",
    "413": "What was sent is larger than what is taken.",
    "415": "What was sent is no JSON.",
}


def set_up(app: APIFlask) -> None:
    """Have an application write the document."""
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        INFO={"description": DESCRIPTION},
        SECURITY_SCHEMES={"token": {"type": "http", "scheme": "bearer"}},
        AUTO_SERVERS=False,
        AUTO_200_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_OPERATION_ID=True,
    )
    app.servers = [{"url": "/"}]
    app.tags = None
    app.spec_processor(_finished)


def _finished(document: dict[str, Any] | str) -> dict[str, Any] | str:
    if isinstance(document, str):
        return document
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                content = answer.get("content", {}).get("application/json")
                if content is not None:
                    content["example"] = _example(content["schema"], schemas)
    for path, operations in document["paths"].items():
        rule = path.replace("{", "<").replace("}", ">")
        for method, operation in operations.items():
            if method in ("get", "post"):
                _operation(path, operation, ROUTES[rule], method.upper())
                if path.endswith("/recordings/{recording_sid}/audio.wav"):
                    _of_ranges(operation)
    return document


def _example(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """An answer as it could be, from the examples of its fields."""
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    if schema.get("type") == "object":
        return {name: _example(each, schemas) for name, each in schema.get("properties", {}).items()}
    return {"string": "…", "integer": 1, "number": 1.5, "boolean": True}.get(schema.get("type", ""))


def _operation(path: str, operation: dict[str, Any], who: object, method: str) -> None:
    if isinstance(who, ByToken):
        access, scope = who.takes(method)
        roles = ", ".join(sorted(access.roles)) if access is not None else ""
        said = operation.get("description", "")
        operation["description"] = f"{said}\n\nScope `{scope}`; for {roles}; {access.within if access else ''}.".strip()
        operation["tags"] = [who.area]
    operation["security"] = [{"token": []}]
    for parameter in operation.get("parameters", []):
        schema = parameter.get("schema", {})
        if parameter["in"] == "path":
            parameter["schema"] = {"type": "string", "minLength": 1, "maxLength": 200}
        elif "anyOf" in schema:
            # What is left out is null to us; there is no null in a query.
            parameter["schema"] = schema["anyOf"][0]
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
    problems = ALWAYS | (TO_BE_DONE if method == "POST" else {})
    for status, said in problems.items():
        operation["responses"][status] = _problem(said)
    if method == "POST" and not path.endswith(GIVES_OUT):
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": HEADER,
                "required": False,
                "description": "any text of your making, such as a UUID: sent again with it, nothing is done again",
                "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
            }
        )
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                answer["headers"] = {
                    REPLAYED: {
                        "description": "`true` where this is the answer of before",
                        "required": False,
                        "schema": {"type": "string", "enum": ["true"]},
                    }
                }


def _of_ranges(operation: dict[str, Any]) -> None:
    operation["responses"]["416"] = _problem("There is no such range.")
    operation["parameters"].append(
        {
            "in": "header",
            "name": "Range",
            "required": False,
            "description": "one range, such as `bytes=0-65535`; what is none is ignored",
            "schema": {"type": "string", "examples": ["bytes=0-65535"]},
        }
    )


def _problem(said: str) -> dict[str, Any]:
    return {"description": said, "content": {MIMETYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}

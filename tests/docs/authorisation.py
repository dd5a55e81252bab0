"""The page of who may open what, written from the tables that decide: `python -m tests.docs.authorisation`."""

from pathlib import Path

from app.auth.policy import MEDIA, TASKS
from app.auth.roles import ROLES, Access, ByToken
from app.auth.routes import ROUTES

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "authorisation.md"

HEAD = """# Who may open what

Written from `app/auth/routes.py` and `app/auth/policy.py` by `python -m tests.docs.authorisation`; a test compares it
with the code, and the code with all addresses that the application has. An address that is not here is opened by
nobody, and a request that proves no right is answered as if there were nothing (404).

Whoever belongs to one centre meets what is of that centre alone; whoever belongs to none, of all. *Own*: one's own
things. *By centre*: rows of these centres. *By purpose*: media of these centres, for the purposes in the table of
media, as long as it is kept for them, one leaf in the ledger for each look and each refusal. *Everywhere*: what belongs
to no centre, for people who belong to none. *Published*: what anybody may hear on the telephone. *Again*: what is done
there takes the password once more, unless it was given in the last ten minutes.

Addresses of the API take a person's token and nothing else: the person's right, and the scope.

"""


def written() -> str:
    """The page."""
    return HEAD + "\n".join([*_routes(), "", *_api(), "", *_media(), "", *_tasks()]) + "\n"


def _routes() -> list[str]:
    lines = ["## Addresses", "", _row(["address", *ROLES, "what", "again"]), _row(["---"] * (len(ROLES) + 3))]
    for rule, who in ROUTES.items():
        path = "`" + rule.replace("|", "\\|") + "`"
        if isinstance(who, ByToken):
            continue
        if isinstance(who, Access):
            may = ["yes" if role in who.roles else "–" for role in ROLES]
            lines.append(_row([path, *may, who.within, "yes" if who.confirmed else ""]))
        else:
            who_else = {"public": "anybody", "carrier": "the carrier, by its signature", "holder": "who holds a pass"}
            lines.append(_row([path, *[""] * len(ROLES), who_else.get(who, who), ""]))
    return lines


def _api() -> list[str]:
    lines = ["## Addresses of the API", "", _row(["address", "method", *ROLES, "what", "scope"])]
    lines.append(_row(["---"] * (len(ROLES) + 4)))
    for rule, who in ROUTES.items():
        for method in ("GET", "POST"):
            access, scope = who.takes(method) if isinstance(who, ByToken) else (None, "")
            if access is not None:
                may = ["yes" if role in access.roles else "–" for role in ROLES]
                lines.append(_row([f"`{rule}`", method, *may, access.within, f"`{scope}`"]))
    return lines


def _media() -> list[str]:
    lines = ["## Media", "", _row(["role", "kind", "purposes"]), _row(["---"] * 3)]
    return lines + [_row([role, kind, ", ".join(purposes)]) for (role, kind), purposes in MEDIA.items()]


def _tasks() -> list[str]:
    lines = ["## What commands ask, too", "", _row(["task", "roles"]), _row(["---"] * 2)]
    return lines + [_row([task, ", ".join(roles)]) for task, roles in TASKS.items()]


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")

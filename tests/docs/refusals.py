"""What may be refused: every sentence that the code raises with `Refused`, `NotFound`, or a kind of them."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.errors import Refused

ROOT = Path(__file__).parents[2]
# Only commands and programs meet what these raise, and they are told in English.
NO_PAGE = (
    *(
        "telephony/pausing.py",
        "app/cli/",
        "app/api/",
        "app/up.py",
        "app/recorder.py",
        "app/first_start.py",
        "app/readiness.py",
    ),
    "video/spool.py",
    *("storage/copying/", "storage/upgrade.py", "storage/retention/restored.py", "storage/retention/found_holds.py"),
)
# Pages meet these, and say words of their own instead (app/factory.py, app/web/review.py, app/web/calls.py); or the
# sentence stands where pages come by, too, and only commands and programs get it.
BY_OTHER_WORDS = frozenset(
    {
        "this form was sent from another site",
        "this form is not one of ours, or was open for too long",
        "the password is not right",
        "there were too many wrong passwords",
        "this token is not for {scope}",
        "show a token that has not ended",
        "somebody has submitted a review of this recording meanwhile",
        "{question}: answer with one of {choices}",
        "text: write what you noticed",
        "at: the recording is not that long",
        "there are {most} notes on this recording: no more are taken",
        "number: give it with its country, such as +77010000000",
        "say who you are: --as EMAIL, or ESKERTU_AS",
        "nobody is known by that address: add them with `eskertu user add`",
        "--break-glass needs --reason: it is written into the ledger",
        "there is no such object, or it has been deleted",
        "there is no such {kind} among yours: give centre/code",
        "this keeps longer than now, and must be approved: say who asks, with --as EMAIL or ESKERTU_AS",
    }
)


@dataclass(frozen=True)
class Raised:
    """One place where something is refused. `sentence` None: it cannot be told by reading."""

    where: str
    sentence: str | None
    facts: frozenset[str]


def raised() -> Iterator[Raised]:
    """All places, but for those of which no page can tell."""
    for path in sorted(
        path for floor in ("storage", "telephony", "video", "app") for path in (ROOT / floor).rglob("*.py")
    ):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(NO_PAGE):
            yield from _raised_in(path, name)


def _raised_in(path: Path, name: str) -> Iterator[Raised]:
    source = path.read_text(encoding="utf-8")
    if "Refused" not in source and "NotFound" not in source:
        return
    module = importlib.import_module(name.removesuffix(".py").replace("/", "."))
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if isinstance(node.func, ast.Name):
            kind = getattr(module, node.func.id, None)
            if not (isinstance(kind, type) and issubclass(kind, Refused)):
                continue
            if "sentence" not in inspect.signature(kind).parameters:
                continue  # a kind that has its own sentences
        elif ast.unparse(node.func) != "super().__init__" or not _inside_refused(node, source, module):
            continue
        said = node.args[0]
        if isinstance(said, ast.Name) and said.id == "sentence":
            continue  # handed on, by a kind that says more than the sentence
        sentence = getattr(module, said.id, None) if isinstance(said, ast.Name) else None
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            sentence = said.value
        facts = frozenset(keyword.arg for keyword in node.keywords if keyword.arg is not None)
        yield Raised(f"{name}:{node.lineno}", sentence, facts)


def _inside_refused(call: ast.Call, source: str, module: object) -> bool:
    """Whether a `super().__init__` is that of a kind of `Refused`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.lineno <= call.lineno <= (node.end_lineno or 0):
            kind = getattr(module, node.name, None)
            return isinstance(kind, type) and issubclass(kind, Refused) and kind is not Refused
    return False

"""Markdown, as far as these tests need it: fenced blocks, inline code, links, headings."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?)$", re.MULTILINE)
HERE_DOCUMENT = re.compile(r"<<'(\w+)'\n.*?^\1$", re.MULTILINE | re.DOTALL)
SHELLS = frozenset({"sh", "console"})
ENDS_A_COMMAND = frozenset({"|", "<", ">", ">>", "&", "&&", ";"})


@dataclass(frozen=True)
class Block:
    """A fenced block. `marks` are the words behind its language; `run` says that a test runs its commands."""

    language: str
    marks: tuple[str, ...]
    text: str

    def commands(self) -> Iterator[list[str]]:
        """What one would type, word by word: without assignments before a command, and without a path to it."""
        if self.language not in SHELLS:
            return
        text = HERE_DOCUMENT.sub("", self.text).replace("\\\n", " ")
        for line in text.splitlines():
            if self.language == "console" and not line.startswith("$ "):
                continue
            words = shlex.split(line.removeprefix("$ "), comments=True)
            while words and re.fullmatch(r"\w+=.*", words[0]):
                words.pop(0)
            end = next((at for at, word in enumerate(words) if word in ENDS_A_COMMAND), len(words))
            if words[:end]:
                yield [Path(words[0]).name, *words[1:end]]


def name(page: Path) -> str:
    """A page as one refers to it, for test ids and messages."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page."""
    found = []
    for label, text in FENCE.findall(page.read_text("utf-8")):
        language, *marks = label.split() or [""]
        found.append(Block(language, tuple(marks), text))
    return found


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def inline_code(page: Path) -> list[str]:
    """Every `code` in a page's prose."""
    return INLINE.findall(prose(page))


def links(page: Path) -> list[str]:
    """Every link and picture of a page that stays within the project."""
    return [target for target in LINK.findall(prose(page)) if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """What a link can point at in a page, as code hosts make it of headings."""
    told = [heading.replace("`", "").strip().lower() for heading in HEADING.findall(prose(page))]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in told}


def section(page: Path, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    _, _, below = page.read_text("utf-8").partition(f"{heading}\n")
    return re.split(r"^#", below, maxsplit=1, flags=re.MULTILINE)[0]

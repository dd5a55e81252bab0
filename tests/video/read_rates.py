"""How often the code on a photo of a sign is read: `python -m tests.video.read_rates [PHOTOS_EACH]`."""

import sys
import time
from datetime import UTC, datetime

from config.sign_texts import shipped_sign_texts
from storage.models import Sign, SignVersion
from tests.video.photographed import STRENGTHS, How, photographed
from video.photo_codes import MOST_SECONDS, texts_on
from video.poster import address, poster

CONTENT = {
    "base_url": "https://notice.centres.example",
    "path": "/n/ast/lobby",
    "centre": "Astana",
    "zone": "Lobby",
    "languages": ["kk", "ru", "en"],
    "window": "P30D",
    "controller": "Example Centres",
    "contact": "privacy@centres.example",
}


def a_sheet(code: str = "abcd2345", **other: object) -> Sign:
    """A sheet that is in no database."""
    version = SignVersion(id="v", number=1, texts=shipped_sign_texts())
    return Sign(
        id="s", code=code, content=CONTENT | other, version=version, issued_at=datetime(2026, 11, 2, tzinfo=UTC)
    )


def picture(sheet: Sign) -> bytes:
    """Of it, as PNG."""
    return poster(sheet, dict.fromkeys(("kk", "ru", "en"), "30"), "png")


def rate(png: bytes, wanted: str, how: How, photos: int, seconds: float = MOST_SECONDS) -> tuple[int, float]:
    """How many of so many photos are read, and the longest time, in seconds. Reading something else is a mistake."""
    read, longest = 0, 0.0
    for seed in range(photos):
        shot = photographed(png, how, seed)
        began = time.monotonic()
        found = texts_on(shot, began + seconds)
        longest = max(longest, time.monotonic() - began)
        assert found in ([], [wanted]), found
        read += found == [wanted]
    return read, longest


def main() -> None:
    """Print a table."""
    photos = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    sheet = a_sheet()
    png = picture(sheet)
    print("| photo | slight | moderate | strong |\n|---|---|---|---|")  # noqa: T201
    for name, strengths in STRENGTHS.items():
        cells = []
        for how in strengths:
            read, longest = rate(png, address(sheet), how, photos)
            cells.append(f"{100 * read / photos:.0f} % ({longest:.1f} s)")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

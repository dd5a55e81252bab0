"""A zone's sign, to be printed: one A4 page with a camera, who records, why, how long, which rights, and the code."""

import io
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, Literal

import segno
import typst

from config.sign_texts import PERIOD
from storage.models import Sign

# Of an A4 page at 150 dpi: 1240 × 1754.
PNG_DPI = 150
# Four modules of white on each side are part of a QR code: without them it is not found.
QUIET_ZONE = 4
# A quarter of it may be dirty, scratched, or in glare. (A code is as large as its white: 70 mm, see poster.typ.)
CORRECTION = "q"
NO_BREAK = "\N{NO-BREAK SPACE}"


def address(sheet: Sign) -> str:
    """Where its code leads: the zone's notice, and which sheet it was."""
    return f"{sheet.content['base_url']}{sheet.content['path']}?sign={sheet.code}"


def poster(sheet: Sign, periods: Mapping[str, str], form: Literal["pdf", "png"]) -> bytes:
    """The page, in the languages that stand in the sheet. The same sheet always gives the same page.

    Args:
        sheet: with its version.
        periods: the storage period of the sheet in words, by language.
        form: `pdf`, or `png` (1240 × 1754).
    """
    content = sheet.content
    told = {
        "title": f"{content['centre']}, {content['zone']}",
        "languages": [
            _language(sheet.version.texts[language], language, content, periods[language])
            for language in content["languages"]
        ],
        "code": code_svg(address(sheet)),
        "address": f"{content['base_url']}{content['path']}",
        "place": f"{content['centre']} · {content['zone']} · {sheet.version.number} · {sheet.code}",
    }
    made = typst.compile(
        resources.files("video").joinpath("poster.typ").read_bytes(),
        format=form,
        ppi=PNG_DPI,
        sys_inputs={"data": json.dumps(told, ensure_ascii=False)},
        ignore_system_fonts=True,
        timestamp=int(sheet.issued_at.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave more than one page")
    return made


def code_svg(text: str) -> str:
    """A QR code as SVG, its quiet zone included."""
    out = io.BytesIO()
    segno.make(text, error=CORRECTION, micro=False, boost_error=False).save(
        out, kind="svg", border=QUIET_ZONE, xmldecl=False, svgns=True
    )
    return out.getvalue().decode()


def _language(texts: Mapping[str, str], language: str, content: Mapping[str, Any], period: str) -> dict[str, Any]:
    rows = [
        (texts["who"], content["controller"] or texts["unnamed"]),
        (texts["contact"], content["contact"] or texts["unnamed"]),
        (texts["purpose_label"], texts["purpose"]),
        (texts["interest_label"], texts["interest"]),
        (texts["kept_label"], texts["kept"].replace(PERIOD, period.replace(" ", NO_BREAK))),
        (texts["rights_label"], texts["rights"]),
    ]
    if texts["transfers"].strip():
        rows.append((texts["transfers_label"], texts["transfers"]))
    return {"language": language, "headline": texts["headline"], "rows": rows, "more": texts["more"]}

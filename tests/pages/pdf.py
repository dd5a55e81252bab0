"""The text of a PDF, as far as typst's need it: streams of deflate, glyphs named by ToUnicode tables."""

import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\b(.*?)endobj", re.DOTALL)
STREAM = re.compile(rb"stream\n(.*)endstream", re.DOTALL)

PAGE = re.compile(rb"/Type/Page/Resources (\d+) 0 R.*/Contents (\d+) 0 R")
FONT = re.compile(rb"/(f\d+) [\d.]+ Tf")
OCTAL = re.compile(rb"\\([0-7]{3})")
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def text_of(pdf: bytes) -> str:
    """All of it, in the order in which it is drawn, without the gaps between words where they are only drawn."""
    objects = {int(number): body for number, body in OBJECT.findall(pdf)}
    tables = {
        number: _table(_plain(objects[int(found[1])]))
        for number, body in objects.items()
        if (found := re.search(rb"/ToUnicode (\d+) 0 R", body))
    }
    told = []
    for body in objects.values():
        if page := PAGE.search(body):
            fonts = re.findall(rb"/(f\d+) (\d+) 0 R", objects[int(page[1])])
            names = {name: tables.get(int(number), {}) for name, number in fonts}
            told.append(_drawn(_plain(objects[int(page[2])]), names))
    return "\n".join(told)


def _plain(body: bytes) -> bytes:
    found = STREAM.search(body)
    if found is None:
        return b""
    return zlib.decompressobj().decompress(found[1]) if b"FlateDecode" in body else found[1]


def _table(cmap: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, text in re.findall(rb"<(\w+)>\s*<(\w+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return found


def _drawn(drawn: bytes, names: dict[bytes, dict[int, str]]) -> str:
    text, table, at = "", dict[int, str](), 0
    while at < len(drawn):
        if font := FONT.match(drawn, at):
            table, at = names.get(font[1], {}), font.end()
        elif drawn[at : at + 1] == b"(":
            glyphs, at = _string(drawn, at + 1)
            text += "".join(
                table.get(int.from_bytes(glyphs[each : each + 2], "big"), "") for each in range(0, len(glyphs), 2)
            )
        else:
            at += 1
    return text


def _string(drawn: bytes, at: int) -> tuple[bytes, int]:
    """A literal string, from behind its parenthesis, and where it ends."""
    found, depth = bytearray(), 1
    while True:
        this = drawn[at : at + 1]
        if octal := OCTAL.match(drawn, at):
            found.append(int(octal[1], 8))
            at = octal.end()
            continue
        if this == b"\\":
            escaped = drawn[at + 1 : at + 2]
            found += ESCAPED.get(escaped, escaped)
            at += 2
            continue
        depth += {b"(": 1, b")": -1}.get(this, 0)
        at += 1
        if depth == 0:
            return bytes(found), at
        found += this

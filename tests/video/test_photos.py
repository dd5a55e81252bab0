"""The code on a photo of a sign: how often it is read, and what is not even looked at."""

import re
import struct
import zlib

import cv2
import numpy as np
import pytest

from config.sign_texts import FIELDS, PERIOD
from tests.video.photographed import STRENGTHS, How, photographed
from tests.video.read_rates import a_sheet, picture, rate
from video.photos import MOST_BYTES, PhotoRefused, codes_on, photo
from video.poster import address, code_svg

# How many are read must not depend on how busy the machine is.
PATIENCE_S = 120.0
MODERATE = [(name, how[1]) for name, how in STRENGTHS.items()]


@pytest.fixture(scope="module")
def png() -> bytes:
    return picture(a_sheet())


@pytest.mark.parametrize(("name", "how"), MODERATE, ids=[name for name, _ in MODERATE])
def test_of_photos_with_moderate_trouble_nine_in_ten_are_read(png: bytes, name: str, how: How) -> None:
    read, _ = rate(png, address(a_sheet()), how, 10, PATIENCE_S)
    assert read >= 9, name


def test_strong_trouble_gives_the_right_code_or_none(png: bytes) -> None:
    for _, _, strong in STRENGTHS.values():
        rate(png, address(a_sheet()), strong, 2, PATIENCE_S)  # asserts it


@pytest.mark.parametrize("languages", [["kk"], ["ru"], ["en"], ["kk", "ru"], ["kk", "ru", "en"]])
def test_the_sign_itself_is_read_in_each_combination_of_languages(languages: list[str]) -> None:
    sheet = a_sheet(languages=languages)
    assert codes_on(photo(picture(sheet))) == [address(sheet)]


def test_a_long_address_is_read_too() -> None:
    sheet = a_sheet(base_url="https://" + "a-long-name." * 12 + "example")
    assert codes_on(photo(photographed(picture(sheet), How(tilt=0.03), 1))) == [address(sheet)]


def test_texts_as_long_as_they_may_be_still_make_one_page_with_its_code() -> None:
    sheet = a_sheet(controller="Name " * 40, contact="someone@example.com " * 10)
    long = {field: ("Бейнебақылау " * 40)[: most - 9] for field, most in FIELDS.items()}
    sheet.version.texts = dict.fromkeys(("kk", "ru", "en"), long | {"kept": long["kept"] + PERIOD})
    assert codes_on(photo(picture(sheet))) == [address(sheet)]


def test_formats(png: bytes) -> None:
    sign = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert sign is not None
    for ending, kind in ((".jpg", "image/jpeg"), (".png", "image/png"), (".webp", "image/webp")):
        _, encoded = cv2.imencode(ending, sign)
        shot = photo(encoded.tobytes())
        assert shot.kind == kind
        assert codes_on(shot) == [address(a_sheet())]
    _, lossless = cv2.imencode(".webp", sign, [cv2.IMWRITE_WEBP_QUALITY, 101])
    assert photo(lossless.tobytes()).kind == "image/webp"


def test_a_photo_without_a_code_has_none() -> None:
    chance = np.random.default_rng(1)
    _, jpeg = cv2.imencode(".jpg", chance.integers(0, 255, (600, 400, 3), np.uint8))
    assert codes_on(photo(jpeg.tobytes())) == []


def a_png_that_says(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no photo came"),
        (b"\xff\xd8\xff" + bytes(MOST_BYTES), "more than 25 MB"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(100), "HEIC"),
        (b"\x00\x00\x00\x18ftypmif1" + bytes(100), "HEIC"),
        (b"%PDF-1.7 and so on", "no photo that can be read"),
        (b"GIF89a" + bytes(100), "no photo that can be read"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no photo that can be read"),
        (b"\x89PNG\r\n\x1a\n", "no photo that can be read"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8L", "no photo that can be read"),
        (b"\xff\xd8\xff\xe0", "too small"),
        (b"\xff\xd8\xff" + b"\xff" * 200, "too small"),
        (a_png_that_says(60_000, 60_000), "60000 × 60000"),
        (a_png_that_says(50, 5000), "too small"),
        (a_png_that_says(0, 0), "too small"),
    ],
)
def test_what_is_no_photo_is_refused_before_anything_decodes_it(content: bytes, why: str) -> None:
    with pytest.raises(PhotoRefused, match=why):
        photo(content)


def test_a_file_that_lies_about_what_follows_is_a_photo_without_a_code() -> None:
    assert codes_on(photo(a_png_that_says(5000, 5000))) == []
    _, jpeg = cv2.imencode(".jpg", np.zeros((300, 300), np.uint8))
    assert codes_on(photo(jpeg.tobytes()[:200])) == []


@pytest.mark.parametrize("text", ["https://a.example/n/a/b?sign=abcd2345", "https://" + "long." * 40 + "example"])
def test_a_code_is_printed_at_four_centimetres_or_more_with_white_around_it(text: str) -> None:
    found = re.search(r'width="(\d+)" height="(\d+)".* d="M4 4\.5h7', code_svg(text))
    assert found, "it begins behind four modules of white"
    modules = int(found[1])
    assert 70 * (modules - 8) / modules >= 40

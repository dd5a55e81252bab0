"""What signs say, by page: written, seen as posters, counted what it does, published; and who may not."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect
from werkzeug.test import TestResponse

from app.auth.sessions import CONFIRMED_FOR
from app.web.messages import catalogue
from app.worker import Worker
from config.sign_texts import FIELDS, shipped_sign_texts
from storage.models import SignDraft, SignVersion
from storage.notice_drafts import FORGOTTEN_AFTER
from tests.pages.filmed import add_camera
from tests.pages.lively import enter
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.people import PASSWORD, Town, Visitor
from tests.pages.signing import Signs
from video.grace import GRACE, STALE
from video.photo_codes import texts_on
from video.sign_versions import last_version
from video.signs import standing

ALMATY = ZoneInfo("Asia/Almaty")


@pytest.fixture(scope="module")
def signs(town: Town) -> Signs:
    return Signs(town.house)


@pytest.fixture
def pavel(town: Town) -> Visitor:
    return english(town, "pavel")


def english(town: Town, name: str) -> Visitor:
    visitor = town.signed_in(name)
    visitor.get("/sessions?lang=en")
    return visitor


def form_of(texts: dict[str, dict[str, str]], **more: str) -> dict[str, str]:
    return {f"{language}-{name}": text for language, said in texts.items() for name, text in said.items()} | more


def purposes(purpose: str) -> dict[str, dict[str, str]]:
    texts = shipped_sign_texts()
    for language in texts:
        texts[language]["purpose"] = f"{purpose} ({language})"
    return texts


def drafted(visitor: Visitor, purpose: str) -> str:
    """The address of a draft that says another purpose."""
    made = visitor.post("/signs/texts/drafts", form=visitor.form("/signs/texts/new"), more=form_of(purposes(purpose)))
    assert made.status_code == 303, made.text
    return made.headers["Location"]


def newest(town: Town) -> SignVersion:
    found: SignVersion | None = town.house.ask(last_version)
    assert found is not None
    return found


def drafts(town: Town) -> int:
    return town.house.ask(lambda s: s.scalar(sa.select(sa.func.count()).select_from(SignDraft))) or 0


def test_what_is_wrong_is_said_by_the_words_of_the_form_and_nothing_is_lost(town: Town, pavel: Visitor) -> None:
    before, form = drafts(town), pavel.form("/signs/texts/new")
    texts = purposes("Lost property")
    texts["kk"]["kept"], texts["ru"]["rights"], texts["en"]["headline"] = "Kept.", "x" * 501, " "
    texts["en"]["purpose"] = "Two\n lines"
    refused = pavel.post("/signs/texts/drafts", form=form, more=form_of(texts))
    assert refused.status_code == 400
    for words in (
        "Kazakh, Recording and storage: say {period} once",
        "Russian, Rights: it has 501 letters; at most 500 fit.",
        "English, Headline: it is empty.",
    ):
        assert words in refused.text
    assert "Lost property (ru)" in refused.text
    assert "Two lines" in refused.text, "lines are joined"
    assert drafts(town) == before


def test_a_draft_is_seen_as_posters_that_confirm_nothing(town: Town, signs: Signs, pavel: Visitor) -> None:
    signs.zone("seen")
    path = drafted(pavel, "Seenonly")
    page = pavel.get(path).text
    for which in ("kk", "ru", "en", "all"):
        assert f'src="{path}/{which}.png"' in page
        answer = pavel.get(f"{path}/{which}.png")
        assert answer.mimetype == "image/png"
        picture = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture is not None
        assert picture.shape == (1754, 1240)
        (code,) = texts_on(answer.data, float("inf"))
        assert code.endswith("?sign=draft")
    assert "<ins>Seenonly" in page
    assert "Grace, in days" in page
    assert f'action="{path}/publish"' not in page, "nobody publishes what was not counted"


def test_what_publishing_does_is_counted_before_it_is_done(town: Town, signs: Signs, pavel: Visitor) -> None:
    old, fresh = signs.zone("old"), signs.zone("fresh")
    signs.posted(old)
    signs.publish("The one before", grace_days=30)
    signs.posted(fresh)
    add_camera_in(town, old)
    path = drafted(pavel, "Counted")
    begins = (town.house.clock.now() + timedelta(days=2)).astimezone(ALMATY).replace(second=0, microsecond=0)
    terms = {"when": "later", "from": f"{begins:%Y-%m-%dT%H:%M}", "zone": "Asia/Almaty", "grace": "7"}
    page = pavel.get(path + "?" + "&".join(f"{name}={value}" for name, value in terms.items())).text
    assert "Until then cameras record under 2 signs." in page
    assert "1 sign becomes outdated. Its cameras record until:" in page
    assert "The cameras under 1 sign stop at that moment. That is 1 camera." in page
    assert newest(town).texts["en"]["purpose"] == "The one before (en)", "nothing is published by looking"
    form, terms = pavel.form(path), terms | {"shown": shown(page)}
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds() + 1)
    assert pavel.post(f"{path}/publish", form=form, more=terms).status_code == 403
    done = pavel.post(f"{path}/publish", form=form, more=terms | {"confirm_password": PASSWORD})
    assert (done.status_code, done.headers["Location"]) == (303, "/signs/texts")
    version = newest(town)
    assert (version.effective_from, version.grace_days) == (begins.astimezone(UTC), 7)
    assert version.published_by == town.person("pavel").id
    assert town.leaves("sign_published")[-1]["by"] == version.published_by
    assert pavel.get(path).status_code == 404, "the draft is gone"
    then = town.house.ask(lambda s: standing(s, version.effective_from, {old, fresh}))
    assert (then[old].word, then[fresh].word) == (STALE, GRACE), "as it was counted"
    assert then[fresh].until == version.effective_from + timedelta(days=7)
    listed = pavel.get("/signs/texts").text
    assert "pavel@example.com" in listed
    assert "Scheduled" in listed
    town.house.clock.sleep(timedelta(days=3).total_seconds())


def shown(page: str) -> str:
    """What a publication is bound to, from the page that counts what it does."""
    return page.split('name="shown" value="', 1)[1].split('"', 1)[0]


def test_nobody_publishes_what_was_not_shown(town: Town, signs: Signs, pavel: Visitor) -> None:
    """Another officer changes the draft, or publishes a version that stops what the first one's would have spared."""
    path, number = drafted(pavel, "Was shown"), newest(town).number
    terms = {"when": "now", "grace": "7", "confirm_password": PASSWORD}
    counted = f"{path}?when=now&grace=7"
    seen, form = shown(pavel.get(counted).text), pavel.form(path)

    def publishes(what: str) -> TestResponse:
        return pavel.post(f"{path}/publish", form=form, more=terms | {"shown": what})

    other = form_of(purposes("Was changed meanwhile"), draft=path.rsplit("/", 1)[1])
    assert pavel.post("/signs/texts/drafts", form=form, more=other).status_code == 303
    for refused in (publishes(seen), publishes("")):
        assert (refused.status_code, "Something else would be published now" in refused.text) == (400, True)
    assert newest(town).number == number
    seen = shown(pavel.get(counted).text)
    signs.publish("Of another officer", grace_days=7)
    assert publishes(seen).status_code == 400
    assert newest(town).number == number + 1
    assert publishes(shown(pavel.get(counted).text)).status_code == 303
    assert newest(town).texts["en"]["purpose"] == "Was changed meanwhile (en)"


def add_camera_in(town: Town, zone_id: str) -> None:
    from storage.models import Camera

    centre_id = town.person("mira").centre_id
    assert centre_id is not None
    camera_id = add_camera(town.house, centre_id, "counted")
    with town.house.at.database.begin() as session:
        session.get_one(Camera, camera_id).zone_id = zone_id


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"when": "now", "grace": "91"}, "Give the grace in whole days, from 0 to 90. Given: 91."),
        ({"when": "now", "grace": "-1"}, "Given: -1."),
        ({"when": "now", "grace": "9" * 5000}, "Give the grace in whole days"),
        ({"when": "later", "grace": "7", "zone": "Asia/Almaty", "from": "2020-01-01T00:00"}, "This moment has passed"),
        ({"when": "later", "grace": "7", "zone": "Asia/Almaty", "from": ""}, "Name the day and the time"),
        ({"when": "later", "grace": "7", "zone": "Asia/Almaty", "from": "9999-12-31T00:00"}, "a day of this century"),
        ({"when": "later", "grace": "7", "zone": "Asia/Almaty", "from": "2062-01-01T00:00"}, "more than a year away"),
        ({"grace": "7"}, "Choose one of"),
    ],
)
def test_what_cannot_be_is_said_and_not_published(
    town: Town, pavel: Visitor, terms: dict[str, str], words: str
) -> None:
    path, number = drafted(pavel, "Never"), newest(town).number
    form = pavel.form(path)
    refused = pavel.post(f"{path}/publish", form=form, more=terms | {"confirm_password": PASSWORD})
    assert (refused.status_code, words in refused.text) == (400, True)
    assert newest(town).number == number
    assert pavel.get(path).status_code == 200, "it waits still"


def test_a_draft_is_changed_discarded_or_forgotten(town: Town, pavel: Visitor) -> None:
    before = drafts(town)
    path = drafted(pavel, "First words")
    draft_id = path.rsplit("/", 1)[1]
    page = f"/signs/texts/new?draft={draft_id}"
    assert "First words (kk)" in pavel.get(page).text
    changed = pavel.post(
        "/signs/texts/drafts", form=pavel.form(page), more=form_of(purposes("Second words"), draft=draft_id)
    )
    assert changed.headers["Location"] == path
    assert "Second" in pavel.get(path).text
    assert pavel.post(f"{path}/discard", form=pavel.form(path)).status_code == 303
    assert pavel.get(path).status_code == 404
    gone = pavel.post(
        "/signs/texts/drafts", form=pavel.form("/signs/texts/new"), more=form_of(purposes("Third"), draft=draft_id)
    )
    assert gone.status_code == 404
    drafted(pavel, "Forgotten")
    town.house.clock.sleep(FORGOTTEN_AFTER.total_seconds())
    assert Worker(town.house.at).forget_drafts() == before + 1
    assert drafts(town) == 0


def test_the_others_read_what_signs_say_and_change_nothing(town: Town, pavel: Visitor) -> None:
    path = drafted(pavel, "Not theirs")
    before = (drafts(town), newest(town).number)
    for name in ("mira", "aidar", "charlie", "alice"):
        visitor = english(town, name)
        assert visitor.get("/signs/texts").status_code == (200 if name in {"mira", "aidar"} else 404)
        assert "Not theirs" not in visitor.get("/signs/texts").text
        form = visitor.form("/sessions")
        for address in ("/signs/texts/new", path, f"{path}/all.png"):
            assert visitor.get(address).status_code == 404
        sent = form_of(purposes("Theirs"), when="now", grace="7", confirm_password=PASSWORD)
        for address in ("/signs/texts/drafts", f"{path}/publish", f"{path}/discard"):
            assert visitor.post(address, form=form, more=sent).status_code == 404
    assert (drafts(town), newest(town).number) == before
    assert "pavel@example.com" not in english(town, "mira").get("/signs/texts").text


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_an_officer_publishes_with_a_browser(
    town: Town, signs: Signs, browser: Browser, language: str, size: dict[str, int], scheme: str
) -> None:
    mark = f"{language}-{size['width']}-{scheme}"
    signs.posted(signs.zone(f"look-{mark}"))
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said, page, base = complaints(window), window.new_page(), town.house.at.site.base_url
    enter(page, base, "pavel")
    for path in ("/signs", "/signs/texts"):
        page.goto(f"{base}{path}?lang={language}")
        assert findings(page) == [], path
        assert fits(page), path
    page.locator("main a.button").click()
    assert page.locator("textarea, input[maxlength]").count() == 3 * len(FIELDS)
    page.locator("#en-purpose").fill(f"To see how it looks: {mark}")
    assert findings(page) == []
    assert fits(page)
    page.locator("main > form > button").click()
    for picture in page.locator(".posters img").all():
        picture.scroll_into_view_if_needed()
        expect(picture).to_have_js_property("naturalWidth", 1240)
    page.locator("input[value=now]").check()
    page.locator("form[method=get] button").click()
    expect(page.locator("[role=status]")).to_contain_text(catalogue(language)["sign_effect"])
    assert findings(page) == []
    assert fits(page)
    town.house.clock.sleep(CONFIRMED_FOR.total_seconds() + 1)
    page.reload()
    page.locator("input[name=confirm_password]").fill(PASSWORD)
    page.locator("form[action$='/publish'] button").click()
    expect(page.locator("h1")).to_have_text(catalogue(language)["sign_texts_title"])
    assert newest(town).texts["en"]["purpose"] == f"To see how it looks: {mark}"
    assert said == []
    window.close()

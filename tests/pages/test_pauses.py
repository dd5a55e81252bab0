"""Pauses on pages: marks in words and on the waveform, a call's story, its evidence sheet, and what is given out."""

import base64
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page

from app.web.messages import catalogue
from storage.errors import Refused
from storage.models import Call, Recording, RecordingPause
from telephony.pausing import Asker
from tests.api.programs import program
from tests.calls.talking import pauses, silences, talk
from tests.pages.looking import complaints, findings, fits, looks
from tests.pages.pdf import text_of
from tests.pages.people import PASSWORD, Town

REGIONS = """
[...document.querySelector('#waveform > div').shadowRoot.querySelectorAll('[part]')]
  .filter((each) => /^(region|marker) /.test(each.getAttribute('part')))
  .map((each) => { const box = each.getBoundingClientRect();
    const all = each.parentElement.getBoundingClientRect();
    return [(box.left - all.left) / all.width, (box.right - all.left) / all.width]; })
"""


@pytest.fixture(scope="module")
def recording(town: Town) -> Recording:
    """Of a call that was paused from the 4th to the 10th of its 20 seconds, and not at the 13th."""

    def refused(call: Call) -> None:
        town.house.faults.update_refused = 1
        with pytest.raises(Refused):
            town.house.at.pausing.pause(call.id, Asker())

    result = talk(
        town.house,
        (4.0, lambda call: town.house.at.pausing.pause(call.id, Asker())),
        (10.0, lambda call: town.house.at.pausing.resume(call.id, Asker())),
        (13.0, refused),
    )
    town.house.work_for(30)
    town.house.at.peaks.run(timedelta(minutes=1))
    found: Recording = town.house.ask(
        lambda s: s.scalars(sa.select(Recording).where(Recording.recording_sid == result.recording_sids[0])).one()
    )
    return found


@pytest.fixture(scope="module")
def paused(town: Town, recording: Recording) -> RecordingPause:
    first, second = pauses(town.house)
    assert (first.recording_sid, first.state, second.state) == (recording.recording_sid, "resumed", "refused")
    return first


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_the_page_of_a_recording_says_where_it_was_paused(
    town: Town, recording: Recording, paused: RecordingPause, language: str
) -> None:
    page = town.signed_in("alice").get(f"/recordings/{recording.object_id}?lang={language}").text
    words = catalogue(language)
    marks = plain(page[page.index('class="marks"') :])
    assert re.search(rf"0:0[345] {re.escape(words['mark_paused'])} .+ – 0:(09|10|11)", marks), marks
    assert re.search(rf"0:1[234] {re.escape(words['mark_not_paused'])}", marks), marks
    found = [
        [float(each) for each in pair] for pair in re.findall(r'data-at="([\d.]+)"[^>]*data-until="([\d.]+)"', page)
    ]
    assert found == [pytest.approx([4, 10], abs=1)]
    assert recording.started_at is not None
    assert paused.paused_at is not None
    assert found[0][0] == pytest.approx((paused.paused_at - recording.started_at).total_seconds())
    (kept,) = [row for row in town.house.objects() if row.id == recording.object_id]
    ((begin, end),) = silences(town.house.plain(kept))
    assert begin <= found[0][0] + 0.001 < found[0][1] <= end, "where it is marked, nothing can be heard"


def test_a_calls_story_tells_its_pauses(town: Town, recording: Recording) -> None:
    words = catalogue("en")
    story = town.signed_in("pavel").get(f"/calls/{recording.call_id}?lang=en").text
    told = [
        story.index(words[f"happened_{each}"])
        for each in ("recording_began", "paused", "pause_ended", "not_paused", "ended")
    ]
    assert told == sorted(told)


def test_the_evidence_tells_them_as_sheet_pdf_json_and_vcon(
    town: Town, recording: Recording, paused: RecordingPause
) -> None:
    pavel, path = town.signed_in("pavel"), f"/calls/{recording.call_id}/evidence"
    for language in ("kk", "ru", "en"):
        words = catalogue(language)
        sheet = pavel.get(f"{path}?lang={language}").text
        for word in ("sheet_paused", "sheet_not_paused", "leaf_recording_paused", "leaf_pause_ended"):
            assert words[word] in sheet, (language, word)
    reason: dict[str, Any] = {"reason": "to the court, case 7"}
    pdf = pavel.post(f"{path}/pdf?lang=en", form=pavel.form(path), **reason).data
    assert catalogue("en")["sheet_paused"] in text_of(pdf)
    given = pavel.post(f"{path}/vcon", form=pavel.form(path), **reason).data
    payload = json.loads(given)["payload"]
    content = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    (attached,) = [each["body"] for each in content["attachments"] if each["purpose"] == "recording_pauses"]
    said = program(town, "pavel").get(f"/calls/{recording.call.call_sid}/evidence").json
    assert said is not None
    (media,) = said["recordings"]
    assert media["pauses"] == [
        {name: value for name, value in each.items() if name != "recording"} for each in attached
    ]
    assert [each["state"] for each in attached] == ["resumed", "refused"]
    assert attached[0]["paused_at"] < attached[0]["silent_until"]
    assert (attached[1]["paused_at"], attached[1]["silent_until"]) == (None, None)
    kinds = [each["kind"] for each in said["leaves"]]
    assert (kinds.count("recording_paused"), kinds.count("pause_ended")) == (1, 1)


def shown(page: Page, town: Town, recording: Recording, language: str) -> None:
    base = town.house.at.site.base_url
    page.goto(f"{base}/sign-in?lang={language}")
    page.fill("#email", "alice@example.com")
    page.fill("#password", PASSWORD)
    page.click("form.panel button")
    page.goto(f"{base}/recordings/{recording.object_id}")
    page.wait_for_selector("#waveform[data-drawn=yes]")


@pytest.mark.looks
@pytest.mark.parametrize(("language", "size", "scheme"), looks())
def test_the_waveform_marks_it_whatever_it_is_read_from(
    browser: Browser, town: Town, recording: Recording, language: str, size: dict[str, int], scheme: str
) -> None:
    window = browser.new_context(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
    said = complaints(window)
    page = window.new_page()
    shown(page, town, recording, language)
    regions = page.evaluate(REGIONS)
    wide = [pair for pair in regions if pair[1] - pair[0] > 0.05]
    assert wide == [pytest.approx([4.5 / 20, 9.5 / 20], abs=0.05)], regions
    assert len(regions) == 2, "the one that was refused is a line"
    page.click(".marks a[data-mark=paused]")
    assert page.evaluate("document.getElementById('sound').currentTime") >= 3
    assert fits(page)
    assert findings(page) == []
    window.close()
    assert said == []

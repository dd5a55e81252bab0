"""Every text in every language, and every text that a page asks for."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from app.auth.roles import ROLES
from app.cameras.states import STATES
from app.factory import PROBLEMS
from app.overview.calls import OUTCOMES
from app.overview.needs import BY_ROLE
from app.privacy.declined import DECLINED
from app.web.first_password import NOT_THE_SAME, UNFIT
from app.web.first_password import PROBLEMS as JOINING
from app.web.local import Local
from app.web.messages import LANGUAGES, REFUSALS, catalogue
from app.web.navigation import AREAS
from app.web.own_password import PROBLEMS as CHANGING
from app.web.receipts import REMAINS
from app.web.sign_in import LOCKED_OUT, REFUSED, SESSION_OVER
from config.sign_texts import FIELDS, SAYS
from storage.retention.policy import PURPOSES
from telephony.outcome import Outcome
from video.clips import CHANGES, FAILED, GONE, NOTHING_THERE, TOO_LONG
from video.facts import Reason

ROOT = Path(__file__).parents[2]
TEMPLATES = [*sorted((ROOT / "app" / "templates").rglob("*.html")), ROOT / "app" / "privacy" / "sheet.py"]
# t.title, t["title"], and t["lang_" ~ …], of which the beginning is known.
ASKED = re.compile(r"""\bt\.([a-z_0-9]+)|(?:\bt\[|\bcounted\()\s*["']([a-z_0-9]+)["']\s*([~+])?""")
# What follows such a beginning, or stands in place of a variable.
ENDINGS = {
    "purpose_": {"training", "quality"},
    "lang_": {"kk", "ru", "en"},
    "consent_": {"stayed", "pressed_1"},
    "practice_": {
        *("ringing", "answered", "picked_up", "playing", "paused", "pressed", "pressed_in_vain", "dialling"),
        *("recording_started", "recording_stopped", "hung_up", "hung_up_there", "hung_up_network"),
        *("failed", "rejected"),
    },
    "practice_mode_": {"stay", "opt_out", "opt_in"},
    "practice_kept_": {outcome + why for outcome in get_args(Outcome) for why in ("", "_why") if outcome != "open"},
    "overview_": set(OUTCOMES),
    "lines_mode_": {"stay", "opt_out", "opt_in"},
    "people_role_": set(ROLES),
    "public_how_": {"stay", "opt_out", "opt_in"},
    "public_for_": {"training", "quality", "evidence"},
    "call_consent_": {"stayed", "pressed_1"},
    "outcome_": {"recorded", "declined_hangup", "declined_key", "unrecorded", "incomplete", "open"},
    "happened_": {
        "rang",
        "language",
        "notice_began",
        "notice_ended",
        "agreed",
        "recording_began",
        *("paused", "pause_ended", "not_paused"),
        "ended",
        "settled",
        "stored",
        "purpose_ends",
        "media_goes",
        "deleted",
        "facts_go",
    },
    "recording_": {"pending", "fetching", "stored", "deleting", "deleted", "refused", "absent"},
    "carrier_copy_": {"present", "deleted"},
    "hold_sources_": {"line", "camera"},
    "object_": {"arriving", "stored", "deleting", "deleted"},
    "policy_for_": set(PURPOSES),
    "purge_is_": {"asked", "approved", "done", "withdrawn", "refused", "void"},
    "policy_is_": {"published", "awaiting", "superseded", "withdrawn"},
    "notice_is_": {"scheduled", "published", "superseded", "withdrawn"},
    "notice_mode_": {"stay", "opt_out", "opt_in"},
    "notice_kind_": {"menu", "unrecorded", "unknown_number", "unavailable"},
    "cause_": {"policy", "notice_not_proven", "card_data", "never_came", "restored", "superseded"},
    "place_": {"store", "keys", "carrier"},
    "remains_": set(REMAINS.values()),
    "how_": set(DECLINED),
    "found_": {key.removeprefix("found_") for key in catalogue("en") if key.startswith("found_")},  # test_findings.py
    "looked_at_": {key.removeprefix("looked_at_") for key in catalogue("en") if key.startswith("looked_at_")},
    "seen_": {key.removeprefix("seen_") for key in catalogue("en") if key.startswith("seen_")},  # test_examined.py
    "leaf_": {key.removeprefix("leaf_") for key in catalogue("en") if key.startswith("leaf_")},  # test_reference.py
    "sign_field_": set(FIELDS),
    "sign_is_": {"posted", "grace", "stale", "none"},
    "step_": {"menu", "notice", "dialled"},
    "answer_": {"yes", "no", "not_applicable"},
    "footage_gap_": {each.value for each in Reason},
    "clip_refused_": {NOTHING_THERE, CHANGES, TOO_LONG, GONE, FAILED},
    "clip_state_": {"asked", "made", "refused"},
    "camera_is_": set(STATES),
    "camera_do_": {key.removeprefix("camera_do_") for key in catalogue("en") if key.startswith("camera_do_")},
    "footage_is_": {"recorded", "gap", "held", "deleted"},
    "mark_": {"notice_began", "notice_ended", "agreed", "recording_began", "paused", "not_paused", "silenced"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_in_every_language(language: str) -> None:
    texts = catalogue(language)
    assert texts.keys() == catalogue("en").keys()
    plain = {key: text for key, text in texts.items() if isinstance(text, str)}
    assert [key for key, text in plain.items() if not text.strip()] == []
    for key in texts.keys() - plain.keys():
        assert texts[key].keys() == Local(language).plurals | {"other"}, f"{key}: forms of {language}"
        assert all(form.strip() for form in texts[key].values())


def test_there_is_a_folder_for_each_language_with_the_same_files() -> None:
    folder = ROOT / "config" / "messages"
    assert {path.name for path in folder.iterdir()} == set(LANGUAGES)
    files = {language: {path.name for path in (folder / language).iterdir()} for language in LANGUAGES}
    assert files["kk"] == files["ru"] == files["en"]
    for path in folder.rglob("*.toml"):
        if path.name == REFUSALS:
            continue  # tests/docs/test_refusals.py looks at those
        in_english = tomllib.loads((folder / "en" / path.name).read_text(encoding="utf-8"))
        assert tomllib.loads(path.read_text(encoding="utf-8")).keys() == in_english.keys(), path


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_every_text_that_a_page_asks_for_exists(path: Path) -> None:
    texts = catalogue("en")
    for plain, quoted, goes_on in ASKED.findall(path.read_text(encoding="utf-8")):
        key = plain or quoted
        if goes_on:
            assert key in ENDINGS, f"{path.name}: say in this test what may follow {key!r}"
            assert {key + ending for ending in ENDINGS[key]} <= texts.keys()
        else:
            assert key in texts, f"{path.name} asks for {key!r}"


def test_every_problem_has_its_words() -> None:
    for problem in PROBLEMS.values():
        assert {problem, f"{problem}_why"} <= catalogue("en").keys()


def test_no_text_is_left_over() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES)
    asked = {plain or quoted for plain, quoted, _ in ASKED.findall(pages)}
    asked |= {beginning + ending for beginning, endings in ENDINGS.items() for ending in endings}
    asked |= {name for problem in PROBLEMS.values() for name in (problem, f"{problem}_why")}
    asked |= {area.name for area in AREAS} | {"password_wrong", "password_wrong_why", "refused", "refused_why"}
    asked |= {name for needs in BY_ROLE.values() for name, _, _ in needs} | {"need_health"}
    asked |= {"answers_missing", "reviewed_meanwhile", "note_refused"}  # app/web/review.py says which
    asked |= {key for key in catalogue("en") if key.startswith(("column_", "lacking_"))}  # app/web/facts.py
    asked |= {SESSION_OVER, REFUSED, LOCKED_OUT, NOT_THE_SAME, UNFIT} | {
        name for name, _ in (*JOINING.values(), *CHANGING.values())
    }
    asked |= {f"sign_text_{what}" for what in SAYS}  # app/web/facts.py
    asked |= {"search_wrong", "search_no_line", "search_gone", "search_no_number", "score_wrong", "hold_day"}
    assert catalogue("en").keys() - asked == set()

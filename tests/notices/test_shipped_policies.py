"""The shipped retention policies: every purpose has a date (I4), and a reason that people can read."""

from datetime import timedelta
from pathlib import Path

import isodate
import pytest

import config.shipped
from config.shipped import LANGUAGES, PURPOSES, ShippedDataBroken, shipped_policies

EUROPEAN_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"


def test_every_purpose_has_a_policy_that_holds_everywhere() -> None:
    everywhere = {policy.purpose: policy.window for policy in shipped_policies() if policy.jurisdictions is None}
    assert everywhere == {"training": "P90D", "quality": "P30D", "security": "P30D", "evidence": "P3Y"}
    assert set(everywhere) == set(PURPOSES)


def test_cameras_in_the_european_union_keep_three_days() -> None:
    (union,) = [policy for policy in shipped_policies() if policy.jurisdictions is not None]
    assert (union.purpose, isodate.parse_duration(union.window)) == ("security", timedelta(days=3))
    assert union.jurisdictions is not None
    assert " ".join(sorted(union.jurisdictions)) == EUROPEAN_UNION


def test_every_policy_says_why_in_every_language() -> None:
    reasons = [policy.reason[language] for policy in shipped_policies() for language in LANGUAGES]
    assert all(len(reason) > 40 and reason.endswith(".") for reason in reasons)
    assert len(set(reasons)) == len(reasons)
    assert all(set(policy.reason["kk"].casefold()) & set("әғқңөұүһі") for policy in shipped_policies())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('window = "P90D"', 'window = "90 days"', "no ISO 8601 duration"),
        ('window = "P90D"\n', "", "'window' is missing"),
        ('purpose = "training"', 'purpose = "marketing"', "not one of"),
        ('purpose = "training"', 'purpose = "quality"', "two policies"),
        ('"AT", "BE"', '"AT", "AT"', "two policies"),
        ("[policy.reason]\nkk", "[policy.reason]\nkz", "'kk' is missing"),
        ('window = "P90D"', 'window = "P90D"\njurisdictions = ["KZ"]', "nothing holds everywhere for training"),
        ('window = "P90D"', 'window = "P90D"\njurisdictions = []', "would hold nowhere"),
    ],
)
def test_a_broken_policy_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    shipped = (Path(config.__path__[0]) / "retention" / "policies.toml").read_text("utf-8")
    assert old in shipped
    (tmp_path / "retention").mkdir()
    (tmp_path / "retention" / "policies.toml").write_text(shipped.replace(old, new, 1), "utf-8")
    monkeypatch.setattr(config.shipped, "files", lambda _package: tmp_path)
    with pytest.raises(ShippedDataBroken, match=message):
        shipped_policies.__wrapped__()

"""I11 as a pure decision: who may be shown what, for which purpose. All that is not granted is refused."""

from hypothesis import given
from hypothesis import strategies as st

from app.auth.policy import MEDIA, Viewer, purpose_for
from app.auth.roles import ROLES

centres = st.sampled_from(["ast", "alm", "par"])
purposes = st.sampled_from(["training", "quality", "security", "evidence"])
kinds = st.sampled_from(["recording", "segment", "peaks", "export", "sign_photo", ""])
viewers = st.builds(
    Viewer,
    role=st.sampled_from([*ROLES, "caller", ""]),
    centre_id=st.one_of(st.none(), centres),
    active=st.booleans(),
)


@given(viewer=viewers, kind=kinds, centre=centres, usable=st.frozensets(purposes), asked=st.one_of(st.none(), purposes))
def test_i11_whatever_is_shown_is_shown_by_a_right(
    viewer: Viewer, kind: str, centre: str, usable: frozenset[str], asked: str | None
) -> None:
    purpose = purpose_for(viewer, kind, centre, usable, asked)
    if purpose is None:
        return
    assert viewer.active
    assert viewer.centre_id in {None, centre}
    assert purpose in usable
    assert asked in {None, purpose}
    assert purpose in MEDIA[viewer.role, kind]


@given(viewer=viewers, kind=kinds, centre=centres, usable=st.frozensets(purposes))
def test_i11_asking_for_each_purpose_gives_no_more_than_asking_for_any(
    viewer: Viewer, kind: str, centre: str, usable: frozenset[str]
) -> None:
    first = purpose_for(viewer, kind, centre, usable)
    each = [purpose for purpose in sorted(usable) if purpose_for(viewer, kind, centre, usable, purpose)]
    assert (first in each) if each else first is None


def test_i11_a_reviewer_hears_recordings_of_their_centre_for_what_is_left() -> None:
    alice = Viewer("qa_reviewer", "ast", active=True)
    assert purpose_for(alice, "recording", "ast", {"training", "quality"}) == "quality"
    assert purpose_for(alice, "recording", "ast", {"training"}) == "training"
    assert purpose_for(alice, "recording", "ast", {"training"}, "quality") is None
    assert purpose_for(alice, "recording", "ast", set()) is None
    assert purpose_for(alice, "recording", "alm", {"training", "quality"}) is None
    assert purpose_for(alice, "segment", "ast", {"training", "quality", "security"}) is None
    assert purpose_for(Viewer("qa_reviewer", "ast", active=False), "recording", "ast", {"quality"}) is None


def test_i11_administrators_and_auditors_see_and_hear_nothing() -> None:
    for role in ("administrator", "auditor"):
        for kind in ("recording", "segment", "peaks", "export"):
            assert (
                purpose_for(Viewer(role, None, active=True), kind, "ast", {"training", "quality", "security"}) is None
            )

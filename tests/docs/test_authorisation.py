"""The page about rights says what the code does."""

from tests.docs.authorisation import PAGE, written


def test_the_table_of_rights_is_the_codes() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(), "run: python -m tests.docs.authorisation"

"""`user add`, `user password`, `user list`, `user end`: who may come in, and with what."""

import io
from unittest import mock

import pytest

from app.auth.links import PATH
from storage.database import Database
from storage.models import Person
from tests.command import Commands
from tests.pages.joining import secret_in

ARU = ("--email", "aru@example.com", "--role", "qa_reviewer", "--centre", "ast")
PASSWORD = "correct horse battery"


def password_file(typed: Commands, text: str = f"{PASSWORD}\n") -> str:
    path = typed.folder / "password"
    path.write_bytes(text.encode())
    return str(path)


def kept_hash(typed: Commands) -> str | None:
    of_its_own = f"sqlite:///{typed.folder / 'var' / 'eskertu.db'}"
    database = Database(typed.environment.get("ESKERTU_DATABASE_URL", of_its_own))
    with database.read() as session:
        (person,) = session.query(Person).all()
        found = person.password_hash
    database.dispose()
    return found


def test_people_are_let_in_with_one_role(astana: Commands) -> None:
    astana.fine("user", "add", "--email", "Aru@Example.com ", "--role", "qa_reviewer", "--centre", "ast")
    for email, role, centre, words in (
        ("aru@example.com", "auditor", None, "email: somebody of that address is there already"),
        ("aru", "auditor", None, "email 'aru': give an address"),
        (f"{'a' * 250}@example.com", "auditor", None, "give an address"),
        ("bo@example.com", "boss", None, "'boss' is not one of"),
        ("bo@example.com", "auditor", "xyz", "there is no centre 'xyz' (there is: ast)"),
    ):
        where = ("--centre", centre) if centre else ()
        assert words in astana.refused("user", "add", "--email", email, "--role", role, *where)
    (row,) = astana.fine("user", "list", "--json").rows
    assert len(row.pop("person")) == 32
    assert row == {
        "email": "aru@example.com",
        "role": "qa_reviewer",
        "centre": "ast",
        "active": True,
        "has_password": False,
    }


def test_a_link_lets_somebody_set_their_own(astana: Commands) -> None:
    astana.fine("user", "add", *ARU)
    said = astana.fine("user", "link", "aru@example.com").out
    first = secret_in(said)
    assert f"http://127.0.0.1:8080{PATH}#{first}" in said
    assert secret_in(astana.fine("user", "link", "aru@example.com").out) != first
    assert kept_hash(astana) is None
    astana.fine("user", "end", "aru@example.com")
    assert "a link would open nothing" in astana.refused("user", "link", "aru@example.com")
    assert "nobody is known" in astana.refused("user", "link", "nobody@example.com")


def test_a_password_is_read_from_a_file_and_kept_as_a_hash(astana: Commands) -> None:
    told = astana.fine("user", "add", *ARU, "--password-file", password_file(astana))
    assert "http://127.0.0.1:8080/sign-in" in told.out
    assert PASSWORD not in told.out + told.err
    (row,) = astana.fine("user", "list", "--json").rows
    assert row["has_password"] is True
    assert (kept_hash(astana) or "").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert PASSWORD.encode() not in b"".join(
        path.read_bytes() for path in (astana.folder / "var").rglob("*") if path.is_file()
    )


def test_a_password_comes_from_standard_input_too(astana: Commands) -> None:
    astana.fine("user", "add", *ARU)
    with mock.patch("sys.stdin", io.TextIOWrapper(io.BytesIO(f"{PASSWORD}\r\n".encode()), encoding="utf-8")):
        astana.fine("user", "password", "Aru@example.com", "--password-file", "-")
    first = kept_hash(astana)
    astana.fine("user", "password", "aru@example.com", "--password-file", password_file(astana, PASSWORD))
    assert first not in (None, kept_hash(astana))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("short\n", "password: give at least 12 characters"),
        ("\n", "password: give at least 12 characters"),
        ("aru@EXAMPLE.com\n", "password: it is their address"),
        ("one line of it\nand another\n", "second line"),
        ("x" * 300, "at most 256"),
    ],
)
def test_a_password_that_will_not_do_is_refused_and_changes_nothing(astana: Commands, text: str, words: str) -> None:
    said = astana.refused("user", "add", *ARU, "--password-file", password_file(astana, text))
    assert words in said
    assert len(text.strip()) < 1 or text.strip() not in said
    assert astana.fine("user", "list", "--json").out == ""
    astana.fine("user", "add", *ARU, "--password-file", password_file(astana))
    before = kept_hash(astana)
    assert words in astana.refused(
        "user", "password", "aru@example.com", "--password-file", password_file(astana, text)
    )
    assert kept_hash(astana) == before


def test_a_file_that_is_not_there_or_no_text_is_refused(astana: Commands) -> None:
    assert "No such file" in astana.refused("user", "add", *ARU, "--password-file", "nowhere")
    (astana.folder / "password").write_bytes(b"\xff\xfe\xfd" * 10)
    assert "no text in UTF-8" in astana.refused("user", "add", *ARU, "--password-file", str(astana.folder / "password"))


def test_access_is_ended_once_and_the_password_goes(astana: Commands) -> None:
    astana.fine("user", "add", *ARU, "--password-file", password_file(astana))
    assert "They may come in no more" in astana.fine("user", "end", "aru@example.com").out
    (row,) = astana.fine("user", "list", "--json").rows
    assert (row["active"], row["has_password"]) == (False, False)
    assert "ended already" in astana.refused("user", "end", "aru@example.com")
    said = astana.refused("user", "password", "aru@example.com", "--password-file", password_file(astana))
    assert "their access has been ended" in said
    assert "already" in astana.refused("user", "add", *ARU)


def test_nobody_of_that_address(astana: Commands) -> None:
    for command in (("user", "end"), ("user", "password", "--password-file", password_file(astana))):
        assert "nobody is known by that address" in astana.refused(*command, "bo@example.com")

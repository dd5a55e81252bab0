"""A deletion receipt is checked by somebody else's code: Go's transparency log packages (I6, I10)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.errors import NotFound
from storage.ledger.log import append, sequence
from storage.models import Receipt
from storage.retention.bundle import receipt_bundle
from storage.retention.claim import purge
from tests.house import House

CHECKER = Path(__file__).parent / "checker"


@pytest.fixture(scope="session")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go program, built."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("no Go here, which builds the stranger's checker")
    program = tmp_path_factory.mktemp("checker") / "checker"
    # Tests fetch nothing: the module must be there already, as CI sees to.
    offline = os.environ | {"GOPROXY": "off", "GOFLAGS": "-mod=mod"}
    build = [go, "build", "-o", str(program), "."]
    built = subprocess.run(build, cwd=CHECKER, env=offline, capture_output=True, text=True, check=False)
    if built.returncode and "GOPROXY=off" in built.stderr:
        pytest.skip("no golang.org/x/mod here, which the stranger's checker stands on (go mod download fetches it)")
    assert built.returncode == 0, built.stderr
    return program


@pytest.fixture
def bundle(house: House, tmp_path: Path) -> Path:
    """The receipt of a call's recording, in a folder."""
    house.call("stay", "kk", "listen")
    house.work()
    (kept,) = house.objects()
    with house.at.database.begin() as session, pytest.raises(NotFound):
        receipt_bundle(session, house.at.ledger, kept.id)
    with house.at.database.begin() as session:
        purge(session, kept.id, "a test", house.clock.now())
    house.work()
    with house.at.database.begin() as session:
        for number in range(25):  # others, so that the proof has some length
            append(session, "finding", f"other{number}", house.clock.now(), {"kind": "a", "subject": str(number)})
        sequence(session)
        files = receipt_bundle(session, house.at.ledger, session.scalars(sa.select(Receipt.object_id)).one())
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def check(checker: Path, folder: Path, *key: str) -> tuple[int, str]:
    done = subprocess.run([str(checker), str(folder), *key], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_stranger_finds_the_receipt_in_the_ledger(checker: Path, bundle: Path, house: House) -> None:
    code, said = check(checker, bundle, house.at.ledger.verifier())
    assert (code, said.split(" in ")[1].strip()) == (0, house.at.settings.ledger_origin)
    assert {path.name for path in bundle.glob("README.*.md")} == {"README.kk.md", "README.ru.md", "README.en.md"}


@pytest.mark.parametrize("name", ["receipt.json", "salt.txt", "leaf.json", "leaf.tlog-proof"])
def test_a_stranger_finds_out_what_was_changed(checker: Path, bundle: Path, name: str) -> None:
    path = bundle / name
    content = bytearray(path.read_bytes())
    at = len(content) // 2
    content[at] = ord("1") if content[at] != ord("1") else ord("2")
    path.write_bytes(bytes(content))
    assert check(checker, bundle)[0] != 0


def test_a_stranger_does_not_believe_another_key(checker: Path, bundle: Path, house: House, tmp_path: Path) -> None:
    from storage.ledger.ledger import Ledger

    other = Ledger(tmp_path / "other.key", house.at.settings.ledger_origin, house.clock)
    assert check(checker, bundle, other.verifier())[0] != 0

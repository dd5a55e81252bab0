"""No file of the project names where its packages were fetched from, or a folder of somebody's machine."""

import re
import shutil
import subprocess

import pytest

from tests.docs.pages import ROOT

# Put together here, or this file would find itself.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("yarnpkg", "com"),
        ("proxy", "golang", "org"),
        ("crates", "io"),
        ("rubygems", "org"),
    )
)
FOLDERS = re.compile(rf"(?<![\w.}}~$-])/(?:{'wo' + 'rk'}|{'ro' + 'ot'})(?:/|\b(?![\w.-]))")


def tracked_texts() -> dict[str, str]:
    """Every file that is tracked, or would be by the next `git add`, as far as it is text."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("this is no git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    texts = {}
    for path in listed.decode().split("\0"):
        if path and (ROOT / path).is_file():
            data = (ROOT / path).read_bytes()
            if b"\0" not in data:
                texts[path] = data.decode("utf-8")
    return texts


def test_no_file_names_a_registry_or_a_folder_of_a_machine() -> None:
    texts = tracked_texts()
    assert "README.md" in texts
    found = [f"{path}: {host}" for path, text in texts.items() for host in HOSTS if host in text]
    found += [f"{path}: {hit}" for path, text in texts.items() for hit in set(FOLDERS.findall(text))]
    assert found == []

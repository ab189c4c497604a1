"""What is committed names no package registry and no machine's own folders."""

from __future__ import annotations

import re
import subprocess

from tests.support.source import ROOT, list_files

# Written in pieces, so that this file does not name what it looks for.
HOSTS = re.compile(rb"(pypi|pythonhosted|npm" + rb"js|debian)\.(org|com)")
FOLDERS = re.compile(rb"(^|[^A-Za-z_/.$}\w-])/(work|farm|root" + rb")/", re.MULTILINE)
SECRETS = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE " + rb"KEY-----")
LARGEST_BYTES = 1_000_000


def files_with(pattern: re.Pattern[bytes]) -> list[str]:
    """Give the files whose bytes match a pattern."""
    return [name for name in list_files() if pattern.search((ROOT / name).read_bytes())]


def test_no_registry_is_named() -> None:
    assert files_with(HOSTS) == []


def test_no_folder_of_a_machine_is_named() -> None:
    assert files_with(FOLDERS) == []


def test_no_link_is_committed() -> None:
    command = ["git", "ls-files", "--stage"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    assert [line for line in listed.splitlines() if line.startswith("120000 ")] == []


def test_no_private_key_is_committed() -> None:
    assert files_with(SECRETS) == []


def test_no_large_or_built_file_is_committed() -> None:
    built = (".woff2", ".min.js", ".min.css", ".pyc", ".whl", ".map")

    assert [name for name in list_files() if name.endswith(built)] == []
    assert [name for name in list_files() if (ROOT / name).stat().st_size > LARGEST_BYTES] == []


def test_lock_files_pin_by_digest() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-build.lock"):
        lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in line for line in lines if line.strip())

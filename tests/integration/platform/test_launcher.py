"""The launcher makes its environment once and mends it when the checkout changes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.source import ROOT

COPIED = ("crm", "crm-sync", "fieldstone/platform/checkout.py")
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "fieldstone"
version = "0.1.0"
[tool.hatch.build]
dev-mode-dirs = ["."]
"""
NEEDED = ("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")


def make_checkout(root: Path) -> Path:
    """Make a checkout whose command shows its arguments, with the real launcher and real locks."""
    for name in COPIED:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    write(root / "pyproject.toml", PROJECT)
    write(root / "requirements.lock", locked(NEEDED))
    for name in ("hatch_build.py", "frontend/package-lock.json", "frontend/icons.txt"):
        write(root / name, "")
    write(root / "frontend" / "build.mjs", "")
    write(root / "frontend" / "src" / "page.js", "")
    for room in ("", "platform", "platform/commands"):
        write(root / "fieldstone" / room / "__init__.py", "")
    for program in ("main", "sync"):
        shown = f"import sys; print({program!r}, sys.argv[1:])\n"
        write(root / "fieldstone" / "platform" / "commands" / f"{program}.py", shown)
    return root


def write(path: Path, text: str) -> None:
    """Write a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def locked(names: tuple[str, ...]) -> str:
    """Give some entries of the real lock file."""
    entries = re.findall(
        r"^\S+==(?:.*\\\n)*.*\n", (ROOT / "requirements.lock").read_text(), re.MULTILINE
    )
    return "".join(entry for entry in entries if entry.split("==")[0] in names)


def call(
    program: Path, *arguments: str, place: Path = Path("/"), **variables: str
) -> subprocess.CompletedProcess[str]:
    """Call a launcher from somewhere else."""
    environment = {**os.environ, "FIELDSTONE_SKIP_UI": "1", **variables}
    return subprocess.run(
        [program, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=place,
        env=environment,
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout whose environment two calls, started at once, have made."""
    root = make_checkout(tmp_path_factory.mktemp("a checkout"))
    variables = {**os.environ, "FIELDSTONE_SKIP_UI": "1"}
    both = [
        subprocess.Popen(
            [root / "crm", "first"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=variables,
        )
        for _ in range(2)
    ]
    told = [process.communicate() for process in both]
    (root / "told").write_text("".join(error for _, error in told))
    assert [shown for shown, _ in told] == ["main ['first']\n"] * 2, told
    return root


def test_two_first_calls_at_once_set_up_one_environment(checkout: Path) -> None:
    assert (checkout / "told").read_text().count("setting up its") == 1


def test_later_calls_only_look_and_start(checkout: Path) -> None:
    begun = time.monotonic()

    done = call(checkout / "crm", "two words", "--flag")

    assert (done.stdout, done.stderr) == ("main ['two words', '--flag']\n", "")
    assert time.monotonic() - begun < 1.0


def test_second_launcher_shares_the_environment(checkout: Path) -> None:
    assert call(checkout / "crm-sync", "status").stdout == "sync ['status']\n"


def test_link_to_the_launcher_works_from_anywhere(checkout: Path, tmp_path: Path) -> None:
    link = tmp_path / "crm"
    link.symlink_to(checkout / "crm")

    assert call(link, "x").stdout == "main ['x']\n"


def test_working_directory_cannot_shadow_a_module(checkout: Path, tmp_path: Path) -> None:
    write(tmp_path / "fieldstone" / "__init__.py", "raise SystemExit('shadowed')")

    done = call(checkout / "crm", place=tmp_path)

    assert done.returncode == 0
    assert "shadowed" not in done.stderr


def test_changed_lock_file_is_installed_by_the_next_call(checkout: Path) -> None:
    with (checkout / "requirements.lock").open("a") as lock:
        lock.write(locked(("click",)))

    done = call(checkout / "crm")

    assert "setting up" in done.stderr
    assert list((checkout / ".venv").glob("lib/*/site-packages/click"))


def test_environment_whose_python_has_gone_is_made_again(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "python").unlink()

    done = call(checkout / "crm", "x")

    assert done.stdout == "main ['x']\n"


def test_altered_package_is_refused(checkout: Path) -> None:
    lock = checkout / "requirements.lock"
    kept = lock.read_text()
    lock.write_text(kept + re.sub(r"[0-9a-f]{64}", "0" * 64, locked(("itsdangerous",))))

    done = call(checkout / "crm")

    lock.write_text(kept)
    assert done.returncode == 1
    assert not list((checkout / ".venv").glob("lib/*/site-packages/itsdangerous"))


def test_missing_python_is_named(tmp_path: Path) -> None:
    root = make_checkout(tmp_path / "checkout")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("cat", "cmp", "dirname", "readlink"):
        (programs / name).symlink_to(str(shutil.which(name)))
    write(programs / "python3", "#!/bin/sh\nexit 1\n")
    (programs / "python3").chmod(0o755)

    done = call(root / "crm", PATH=str(programs))

    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr

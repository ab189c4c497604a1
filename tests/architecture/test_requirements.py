"""The lock files hold what the project file asks for, and no more than one version of it."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
ASKED = PROJECT["project"]["dependencies"] + EXTRAS["embedded"]
TESTED = [asked for extra in EXTRAS.values() for asked in extra]
GROUPS = PROJECT["dependency-groups"]


def locked(name: str) -> dict[str, str]:
    """Give the version of each package in a lock file."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / name).read_text(), re.MULTILINE))


def group(name: str) -> list[str]:
    """Give what a group asks for, the groups that it includes being included."""
    asked: list[str] = []
    for entry in GROUPS[name]:
        asked += [entry] if isinstance(entry, str) else group(entry["include-group"])
    return asked


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("requirements.lock", ASKED + group("build")),
        ("requirements-dev.lock", ASKED + TESTED + group("dev")),
        ("requirements-build.lock", group("node")),
    ],
)
def test_lock_file_fits_what_the_project_asks_for(lock: str, asked: list[str]) -> None:
    versions = locked(lock)
    wanted = [Requirement(text) for text in asked]

    unfit = [
        str(one)
        for one in wanted
        if not one.specifier.contains(versions.get(canonicalize_name(one.name), "0"))
    ]

    assert unfit == []


def test_developers_run_the_same_versions() -> None:
    ours, theirs = locked("requirements.lock"), locked("requirements-dev.lock")

    assert {name: theirs.get(name) for name in ours} == ours

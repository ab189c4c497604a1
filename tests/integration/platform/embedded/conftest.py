"""Whose supervisor it is, and where its server keeps its state."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.supervisors import Person, find_ordinary_person, ourselves


@pytest.fixture(params=["root", "ordinary user"])
def person(request: pytest.FixtureRequest) -> Person:
    """Root, and then a user without rights."""
    if request.param == "root":
        if os.geteuid() != 0:
            pytest.skip("only root can run a supervisor as root")
        return ourselves()
    found = find_ordinary_person()
    if found is None:
        pytest.skip("no Python that the account nobody may run")
    return found


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that everybody may enter, with a short path."""
    directory = Path(tempfile.mkdtemp(prefix="fs-", dir="/tmp"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def state(place: Path, person: Person) -> Path:
    """A private directory of the person who supervises."""
    return person.own(place / "state")

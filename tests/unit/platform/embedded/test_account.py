"""An account may enter a directory if every one above it lets it pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fieldstone.platform.embedded.account import Account, find_account

STRANGER = Account("stranger", 54_321, 54_321)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory that everybody may enter, as far as the test's own part of the path goes."""
    inner = tmp_path / "open" / "inner"
    inner.mkdir(parents=True)
    return inner


def test_stranger_passes_where_all_may_pass() -> None:
    assert STRANGER.may_enter(Path("/usr/bin"))


def test_stranger_is_stopped_by_one_private_directory_on_the_way(place: Path) -> None:
    place.parent.chmod(0o700)

    assert not STRANGER.may_enter(place)


def test_owner_counts_before_group_and_others(place: Path) -> None:
    place.chmod(0o077)
    owner = Account("owner", os.getuid(), os.getgid())

    assert not owner.may_enter(place)
    place.chmod(0o700)


def test_ordinary_user_runs_the_server_as_itself() -> None:
    found = find_account({})

    assert (found is None) == (os.geteuid() != 0)


def test_root_lends_the_account_that_is_named() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root lends accounts")

    found = find_account({"FIELDSTONE_PG_OS_USER": "nobody"})

    assert found is not None
    assert found.name == "nobody"

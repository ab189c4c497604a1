"""Sockets lie beside the data, or in a short private place if that path is too long."""

from __future__ import annotations

import stat
from pathlib import Path

from fieldstone.platform.embedded.socket_directory import SocketDirectory


def test_short_path_is_used_as_it_is(tmp_path: Path) -> None:
    state = Path(tmp_path.anchor) / "tmp"
    assert SocketDirectory(state).path == state / "run"


def test_long_path_gets_a_private_short_one_that_is_removed_again(tmp_path: Path) -> None:
    state = tmp_path / ("long" * 30)
    state.mkdir()
    directory = SocketDirectory(state)

    made = directory.make()

    assert len(str(made)) < 86
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    directory.remove()
    assert not made.exists()


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    state = tmp_path / ("long" * 30)
    state.mkdir()
    left = SocketDirectory(state).make()

    made = SocketDirectory(state).make()

    assert made != left
    assert not left.exists()
    SocketDirectory(state).remove()

"""The doctor names what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from fieldstone.platform.commands.doctor import command, examine
from fieldstone.platform.settings import Settings


def find(settings: Settings, subject: str) -> str | None:
    """Give the problem that the doctor sees with a subject."""
    return next(found.problem for found in examine(settings) if found.subject == subject)


def test_a_healthy_machine_has_no_problem(tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["--data", str(tmp_path / "not" / "yet" / "there")])

    assert "PostgreSQL" in done.output
    assert [line for line in done.output.splitlines() if line.split()[:2] == ["bad", "data"]] == []
    assert [line for line in done.output.splitlines() if line.split()[:2] == ["ok", "data"]] != []
    assert not (tmp_path / "not").exists()


def test_data_directory_below_a_file_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    problem = find(Settings(data=tmp_path / "file" / "data"), "data")

    assert problem is not None
    assert "--data" in problem


def test_missing_server_names_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_PG_HOME", str(tmp_path))

    problem = find(Settings(data=tmp_path), "PostgreSQL")

    assert problem is not None
    assert "FIELDSTONE_DATABASE_URL" in problem


def test_given_servers_are_not_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSTONE_PG_HOME", str(tmp_path))

    assert find(Settings(data=tmp_path, database_url="postgresql://x/y"), "PostgreSQL") is None

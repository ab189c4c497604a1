"""The command line: a table of commands that load when they are called."""

from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from fieldstone.errors import InvalidInput
from fieldstone.platform.commands.lazy_group import LazyGroup
from fieldstone.platform.commands.main import COMMANDS, crm
from fieldstone.platform.commands.sync import PLANNED, crm_sync


@pytest.mark.parametrize("name", COMMANDS)
def test_each_row_of_the_table_is_a_command_with_help(name: str) -> None:
    command = importlib.import_module(COMMANDS[name][0]).command

    assert isinstance(command, click.Command)
    assert command.help
    assert COMMANDS[name][1].endswith(".")


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(crm, ["--help"]).output

    assert all(f"  {name}" in shown for name in COMMANDS)


def test_help_loads_no_command() -> None:
    asked = (
        "import sys; from click.testing import CliRunner;"
        "from fieldstone.platform.commands.main import crm;"
        "CliRunner().invoke(crm, ['--help'], catch_exceptions=False);"
        "print(*[name for name in sys.modules if name in {'sqlalchemy', 'starlette', 'asyncpg'}])"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", asked], check=True, capture_output=True, text=True
    )

    assert loaded.stdout.strip() == ""


def test_unknown_command_is_refused_with_status_2() -> None:
    assert CliRunner().invoke(crm, ["fly"]).exit_code == 2


def test_what_a_caller_can_cause_is_a_sentence_and_a_hint() -> None:
    @click.group(cls=LazyGroup, commands_table={"fail": (__name__, "Fail.")})
    def group() -> None:
        """Give one command."""

    done = CliRunner().invoke(group, ["fail"])

    assert done.exit_code == 1
    assert done.output == "Error: It is wrong. Mend it.\n"


@click.command()
def command() -> None:
    """Fail as callers can make a command fail."""
    raise InvalidInput("It is wrong.", hint="Mend it.")


@pytest.mark.parametrize("name", PLANNED)
def test_planned_command_says_that_it_is_not_built(name: str) -> None:
    done = CliRunner().invoke(crm_sync, [name, "anything", "--at", "all"])

    assert done.exit_code == 1
    assert f"crm-sync {name} is not built yet." in done.output

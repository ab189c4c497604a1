"""A group of commands that imports only the one that is called."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from fieldstone.errors import FieldstoneError, Problem


class LazyGroup(click.Group):
    """A click group over a table: name -> (module, first line of help).

    Each module holds its command as `command`. What a caller can cause is shown as a sentence with
    a hint, and ends the program with status 1.
    """

    def __init__(
        self, *args: Any, commands_table: Mapping[str, tuple[str, str]], **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self._table = commands_table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            return None
        command = importlib.import_module(self._table[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._table.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FieldstoneError as error:
            raise click.ClickException("\n".join(map(_in_words, error.problems))) from error


def _in_words(problem: Problem) -> str:
    return f"{problem.message} {problem.hint}" if problem.hint else problem.message

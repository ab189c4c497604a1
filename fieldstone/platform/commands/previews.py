"""How commands tell what a change of access would take and give, in the place of making it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from fieldstone.platform.client import Client

Command = TypeVar("Command", bound=Callable[..., Any])


def previews(command: Command) -> Command:
    """Give a command the option --preview."""
    words = "Tell what would change, and change nothing."
    return click.option("--preview", is_flag=True, help=words)(command)


def tell_preview(client: Client, said: dict[str, Any]) -> None:
    """Print what a change would take and give."""
    told = client.ask("POST", "/api/access/preview", json=said)
    click.echo("\n".join(told["words"]) or "Nobody would lose or gain anything.")
    if told["more"]:
        click.echo("And more.")

"""The page of commands: what each one's --help says."""

from __future__ import annotations

import click

from fieldstone.platform.commands.main import crm
from fieldstone.platform.commands.sync import crm_sync

HEAD = """# Commands

`./crm` in a checkout and `crm` after `pip install` are the same.
"""


def render() -> str:
    """Give the page, one heading for each command."""
    return "\n".join([HEAD, *_render_group("crm", crm), *_render_group("crm-sync", crm_sync)])


def _render_group(name: str, group: click.Group) -> list[str]:
    context = click.Context(group, info_name=name)
    parts = [f"## {name}\n\n{group.help}\n"]
    for title in sorted(group.list_commands(context)):
        command = group.get_command(context, title)
        assert command is not None
        inner = click.Context(command, parent=context, info_name=title, terminal_width=88)
        parts.append(f"### {name} {title}\n\n```text\n{command.get_help(inner)}\n```\n")
    return parts

"""`crm package`: make packages, look into them, and lead them through their lives."""

from __future__ import annotations

from typing import Final

import click

from fieldstone.platform.commands.lazy_group import LazyGroup

_ROOM: Final = "fieldstone.platform.commands"
COMMANDS: Final = {
    "build": (f"{_ROOM}.package_build", "Write components as a package."),
    "import-salesforce": (f"{_ROOM}.package_import", "Bring a package of Salesforce."),
    "load-sample": (f"{_ROOM}.package_sample", "Load the sample data of a package."),
    "list": (f"{_ROOM}.package_list", "List what is installed, and what could be."),
    "install": (f"{_ROOM}.package_install", "Install packages."),
    "upgrade": (f"{_ROOM}.package_upgrade", "Bring packages to another version."),
    "uninstall": (f"{_ROOM}.package_uninstall", "Remove packages with all that they brought."),
    "diff": (f"{_ROOM}.package_diff", "Tell what you, or another version, made different."),
    "verify": (f"{_ROOM}.package_verify", "Tell what a package holds and who signed it."),
}


@click.group(cls=LazyGroup, commands_table=COMMANDS)
def command() -> None:
    """Make packages, look into them, and lead them through their lives."""

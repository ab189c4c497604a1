"""`crm package uninstall`: remove packages with all that they brought."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.package_words import Settling, bring_about


@click.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--along", is_flag=True, help="Remove what you made yourself and leans on them, too.")
@click.option("--yes", is_flag=True, help="Apply it without asking, losses included.")
@reaches_platform
def command(
    names: tuple[str, ...],
    *,
    along: bool,
    yes: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Uninstall the packages of these NAMES, with the records of their objects.

    It is refused while something else leans on them. Records can be written to files before, by
    crm export.
    """
    with connected(Where(url, data, tenant)) as client:
        wish = {"uninstall": list(names), "along": along}
        bring_about(client, wish, Settling((), None, yes), ("uninstall",))

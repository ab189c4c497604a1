"""`crm package install`: install packages that are not there yet."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.package_words import Settling, bring_about, sent, settles


@click.command()
@click.argument("packages", nargs=-1, required=True)
@settles
@reaches_platform
def command(
    packages: tuple[str, ...],
    *,
    choices: tuple[str, ...],
    side: str | None,
    yes: bool,
    without_records: bool,
    accept_untrusted: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Install PACKAGES, all or none: folders, ZIP files, or names of what comes with the product.

    They may need each other. What they would do is shown first.
    """
    with connected(Where(url, data, tenant)) as client:
        wish = {"install": [sent(client, one) for one in packages]}
        bring_about(
            client,
            wish,
            Settling(choices, side, yes, without_records, accept_untrusted),
            ("install", "refresh"),
        )

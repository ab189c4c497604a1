"""`crm package verify`: tell what a package holds and who signed it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.package_words import package_bytes

_SIGNATURES: Final = {
    "missing": "Nobody signed it.",
    "broken": "Its signature is not that of these files: they were changed.",
}


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@reaches_platform
def command(path: Path, *, url: str | None, data: Path | None, tenant: str) -> None:
    """Tell what a package holds and who signed it; PATH is a folder or a ZIP file.

    Ends with status 1 if something is wrong with it.
    """
    with connected(Where(url, data, tenant)) as client:
        file = (f"{path.name}.zip", package_bytes(path), "application/zip")
        found = client.ask("POST", "/api/package-checks", files={"file": file})
    if not found["valid"]:
        told = "\n".join(f"{one['at']}: {one['message']}" for one in found["problems"])
        raise click.ClickException(told)
    click.echo(f"{found['label']}, {found['name']} {found['version']}")
    for kind, count in sorted(found["components"].items()):
        click.echo(f"  {kind.replace('_', ' '):<20}{count:>6,}")
    for name, count in found["records"].items():
        click.echo(f"  records of {name:<10}{count:>6,}")
    for name, versions in found["dependencies"].items():
        click.echo(f"It needs {name} {versions}.")
    click.echo(_signed(found["signature"]))
    if found["signature"]["state"] == "broken":
        raise click.exceptions.Exit(1)


def _signed(signature: Mapping[str, Any]) -> str:
    if signature["state"] != "good":
        return _SIGNATURES[signature["state"]]
    return f"It is signed by {signature['by'] or 'somebody unknown'}, key {signature['key']}."

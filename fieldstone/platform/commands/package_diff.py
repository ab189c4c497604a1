"""`crm package diff`: what you made of a package, or what another version would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from fieldstone.metadata.values import write_json
from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.package_words import conflict_in_words, sent
from fieldstone.platform.plan_words import change_in_words, plan_in_words


@click.command()
@click.argument("package")
@reaches_platform
def command(package: str, *, url: str | None, data: Path | None, tenant: str) -> None:
    """Tell what you made of the installed PACKAGE of a name.

    Of a folder or ZIP file, tell what installing it would change here, and what conflicts.
    """
    with connected(Where(url, data, tenant)) as client:
        named = sent(client, package)
        if named == package:
            one = client.ask("GET", f"/api/packages/{package}")
            lines = [line for made in one["customised"] for line in _made_in_words(made)]
            click.echo("\n".join(lines) or "All of it is as it was shipped.")
            return
        plan = client.ask("POST", "/api/package-plans", content=write_json({"install": [named]}))
    click.echo("\n".join([plan_in_words(plan), *map(conflict_in_words, plan["conflicts"])]))


def _made_in_words(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was made of a component here, in lines as a plan has them."""
    kind = one["kind"].replace("_", " ")
    if one["what"] == "removed":
        yield f"- {kind} {one['name']}"
        return
    change = {"operation": "change", "kind": one["kind"], "name": one["name_here"]}
    was = {"name_before": one["name"]} if one["name_here"] != one["name"] else {}
    yield from change_in_words({**change, **was, "differences": one["differences"]})

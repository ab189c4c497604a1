"""`crm describe OBJECT`: an object with its fields and relations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.platform.client import Where, connected, reaches_platform

_ARROWS: Final = {"to": "→", "from": "←"}


@click.command()
@click.argument("name", metavar="OBJECT")
@reaches_platform
def command(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Show what an object is made of."""
    with connected(Where(url, data, tenant)) as client:
        described = client.ask("GET", f"/api/objects/{name}")
        question = {"object": described["name"], "fields": ["id"], "limit": 1}
        counted = client.ask("POST", "/api/query", json=question)
    for line in lines_of(described, counted["total"]):
        click.echo(line)


def lines_of(described: dict[str, Any], count: int) -> Iterator[str]:
    """Yield the description of an object line by line."""
    created = described["created_at"]
    yield f"Object: {described['name']} ({described['label']})"
    yield f"Created: {created[:10] if created else 'with the system'}"
    yield f"Records: {count}"
    yield "Fields:"
    own = [field for field in described["fields"] if not field["system"]]
    width = max((len(field["name"]) for field in own), default=0) + 2
    for field in own:
        yield f"  {field['name']:<{width}}{field['described']}{_remarks(field)}"
    if described["relations"]:
        yield "Relationships:"
        yield from map(_relation, described["relations"])


def _remarks(field: dict[str, Any]) -> str:
    remarks = [word for word in ("required", "unique") if field[word]]
    return "".join(f"  {word.capitalize()}" for word in remarks)


def _relation(relation: dict[str, Any]) -> str:
    kind = relation["type"].replace("_", "-")
    via = f"{kind} via {relation['field']} field"
    if relation["direction"] == "from":
        via = f"related list via {relation['field']} field"
    return f"  {_ARROWS[relation['direction']]} {relation['as']} ({via})"

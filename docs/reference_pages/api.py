"""The page of API routes: what their docstrings and the OpenAPI document say."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from fieldstone.api.openapi_document import build_document
from fieldstone.api.openapi_page import ShownOperation, show_operations
from fieldstone.metadata.values import read_json, write_json
from fieldstone.platform.route_table import all_routes

HEAD = """# API

Every address of the API, with what it takes and answers. A running server gives the same for its
own objects, with the schema of each: `/api/openapi.json` (OpenAPI 3.1), and `/api/docs` to read.
[How to use it](../guides/api.md) is told elsewhere; [error codes](errors.md) have a page as well.

Every address also answers 403 to a stranger, 404 where there is no such tenant, and 503 while the
database is away, always in the one shape of errors. `X-Tenant` names the tenant; without it the
tenant is that of the address, or `default`. Addresses of records also exist at the plural name of
each object, such as `/contacts` and `/contacts/{id}`, with `/v1` in front where you like.
"""


def render() -> str:
    """Give the page: groups of endpoints in the order in which the application lists them."""
    document: Any = read_json(write_json(build_document(all_routes(), None)))
    parts = [HEAD]
    for tag, operations in groupby(_grouped(document), key=lambda shown: shown.tag):
        parts.append(f"## {tag}\n")
        parts.extend(_render(shown) for shown in operations)
    return "\n".join(parts)


def _grouped(document: dict[str, Any]) -> list[ShownOperation]:
    order = [tag["name"] for tag in document["tags"]]
    return sorted(show_operations(document), key=lambda shown: order.index(shown.tag))


def _render(shown: ShownOperation) -> str:
    lines = [f"### {shown.method} {shown.path}\n", _sentences(shown)]
    if shown.parameters:
        lines += ["| parameter | where | |\n| --- | --- | --- |"]
        lines += [f"| `{o.name}` | {o.type} | {o.description} |" for o in shown.parameters]
        lines.append("")
    if shown.example:
        lines.append(f"Body, such as `{shown.example}`\n")
    told = " ".join(f"**{one['status']}** {one['description']}" for one in shown.answers)
    lines.append(f"Answers: {told}\n")
    return "\n".join(lines)


def _sentences(shown: ShownOperation) -> str:
    return f"{shown.summary} {shown.description}".strip() + "\n"

"""Forms for declarations that decide who gets in: their lines, and a body from what was sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from starlette.datastructures import FormData
from starlette.requests import Request

from fieldstone.errors import BadValue
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import slug_of
from fieldstone.metadata.values import Json, JsonObject, fold, read_json, write_json
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.objects import setup_cause

Shape = Literal["text", "number", "list", "blocks", "flag", "choices", "json"]
_LONGEST: Final = 200_000
_BLOCK: Final = re.compile(r"\n\s*\n|(?<=-----END CERTIFICATE-----)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a form. shape: how its value is typed; hint: what helps to type it.

    choices: values and words to choose from. optional: whether nothing typed means null.
    """

    name: str
    label: str
    shape: Shape = "text"
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    optional: bool = False


def shown_lines(lines: Sequence[Line], body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the lines of a form with what they show of a body."""
    return [{"line": line, "value": _shown(line, body.get(line.name))} for line in lines]


def body_from(lines: Sequence[Line], sent: FormData) -> JsonObject:
    """Give the body that a form declares. Raises BadValue."""
    return {line.name: _read(line, sent) for line in lines}


def name_for(label: str) -> str:
    """Give the name of what is called by a label."""
    return "_".join(part.capitalize() for part in slug_of(label).split("_") if part)


async def find_component(tx: Transaction, kind: str, name: str) -> Component | None:
    """Give a component as it was declared; None if there is none of this name."""
    for row in await load_components(tx):
        one = row.component
        if row.deleted_at is None and one.kind == kind and fold(one.name) == fold(name):
            return one
    return None


async def propose(request: Request, proposal: Proposal) -> None:
    """Change the set-up as whoever sent a form."""
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
        await change_metadata(tx, proposal)


def _shown(line: Line, value: Any) -> Any:
    if line.shape == "flag":
        return value is True
    if line.shape == "choices":
        return tuple(value or ())
    if line.shape in ("list", "blocks"):
        return ("\n" if line.shape == "list" else "\n\n").join(value or ())
    if line.shape == "json":
        return write_json(value) if value else ""
    return "" if value is None else str(value)


def _read(line: Line, sent: FormData) -> Json:
    if line.shape == "flag":
        return sent.get(line.name) == "yes"
    if line.shape == "choices":
        chosen = set(map(str, sent.getlist(line.name)))
        return [value for value, _ in line.choices if value in chosen]
    typed = str(sent.get(line.name, ""))[:_LONGEST].replace("\r\n", "\n").strip()
    return _typed(line, typed)


def _typed(line: Line, typed: str) -> Json:
    """Read what was typed into a field. Raises BadValue."""
    if line.shape == "list":
        return list(typed.split())
    if line.shape == "blocks":
        return [one.strip() for one in _BLOCK.split(typed) if one.strip()]
    if line.shape == "json":
        return _json(line, typed)
    if line.shape == "number":
        return _number(line, typed)
    return None if line.optional and not typed else typed


def _number(line: Line, typed: str) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 6:
        raise BadValue(f"{line.label} is a number.", at=f"/{line.name}")
    return int(typed)


def _json(line: Line, typed: str) -> Json:
    """Read a list of objects, or the set of keys that many programs print (RFC 7517, section 5)."""
    if not typed:
        return []
    try:
        told = read_json(typed)
    except (ValueError, RecursionError):
        raise BadValue(f"{line.label} cannot be read as JSON.", at=f"/{line.name}") from None
    if isinstance(told, dict):
        return told["keys"] if isinstance(told.get("keys"), list) else [told]
    return told

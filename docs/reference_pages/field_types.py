"""The page of field types: what the registry holds, with the options of each."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fieldstone.metadata.field_types.field_type import FieldType, Operator
from fieldstone.metadata.field_types.options import options_schema
from fieldstone.metadata.field_types.reference import References
from fieldstone.metadata.field_types.registry import FIELD_TYPES, SPELLINGS
from fieldstone.metadata.slots import SLOT_TYPES
from fieldstone.metadata.values import Json, write_json

EXAMPLES: Final[Mapping[str, tuple[Mapping[str, Json], Json]]] = {
    "text": ({"length": 80}, "Website redesign"),
    "long_text": ({"lines": 8}, "First line\nSecond line"),
    "rich_text": ({}, "<p>Dear <b>Ann</b></p>"),
    "number": ({"places": 0, "lowest": 0}, 42),
    "currency": ({"currency": "EUR"}, 150000),
    "percent": ({}, 12),
    "checkbox": ({}, True),
    "date": ({}, "2026-01-31"),
    "datetime": ({}, "2026-01-31T14:30:00.000Z"),
    "time": ({}, "14:30:00.000"),
    "picklist": ({"options": ["Planning", "Active", "Complete"]}, "Active"),
    "multi_select": ({"options": ["Red", "Green", "Blue"]}, ["Red", "Blue"]),
    "email": ({}, "ann@example.com"),
    "phone": ({"region": "US"}, "+13125550100 x23"),
    "url": ({}, "https://example.com/about"),
    "address": (
        {},
        {"street": "1 Main St", "city": "Chicago", "state": "IL", "postal_code": "60607"},
    ),
    "person_name": ({}, {"salutation": "Dr.", "first": "Ann", "last": "Lee"}),
    "geolocation": ({}, {"latitude": 41, "longitude": -87}),
    "auto_number": ({"format": "INV-{0000}", "start": 1}, "INV-0042"),
    "json": ({}, {"any": ["JSON", 1, True]}),
    "file": (
        {},
        {
            "id": "file_1563a2f0c401000",
            "name": "offer.pdf",
            "size_bytes": 48210,
            "content_type": "application/pdf",
        },
    ),
    "image": (
        {},
        {
            "id": "file_1563a2f0c401001",
            "name": "logo.png",
            "size_bytes": 9120,
            "content_type": "image/png",
        },
    ),
    "user": ({}, "user_1563a2f0c401000"),
    "lookup": ({"references": "Account", "on_delete": "restrict"}, "company_1563a2f0c401000"),
    "master_detail": ({"references": "Invoice"}, "invoice_1563a2f0c401000"),
    "many_to_many": ({"references": "Product"}, ["product_1563a2f0c401000"]),
    "polymorphic": ({"references": ["Contact", "Lead"]}, "lead_1563a2f0c401000"),
}

HEAD: Final = """\
# Field types

A field's definition names its type and writes the type's options flat beside it:
`{"name": "budget", "type": "currency", "currency": "EUR"}`. The JSON that is stored is the JSON
that callers send and see. An empty text, list or object is stored as nothing at all.

What a column says: *filters*, the conditions a query may ask besides `= null`; *sorts*, whether
records can be sorted by it; *slot*, the kind of indexed column that its sortable copy takes;
*search*, whether its text may enter the full-text search.
"""


def render() -> str:
    """Give the page: all types in one table, then one heading for each."""
    kinds = [kind for kind in FIELD_TYPES.values() if kind.definable]
    parts = [
        HEAD,
        "\n".join(_render_overview(kinds)),
        *(_render_section(kind) for kind in kinds),
        _render_spellings(),
    ]
    return "\n".join(parts)


def _render_overview(kinds: list[FieldType[Any, Any]]) -> Iterator[str]:
    yield "| type | is | filters | sorts | slot | search |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for kind in kinds:
        slot = SLOT_TYPES[kind.slot] if kind.slot else "\u2013"
        cells = (
            f"[`{kind.name}`](#{kind.name.replace('_', '-')})",
            _first_line(kind).rstrip("."),
            _operators(kind),
            _yes(Operator.LESS in kind.operators),
            slot,
            _yes(kind.searchable),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _render_section(kind: FieldType[Any, Any]) -> str:
    said, value = EXAMPLES[kind.name]
    definition = write_json({"name": "example", "type": kind.name, **said})
    lines = [f"## {kind.name}", "", inspect.getdoc(type(kind)) or "", ""]
    lines += [f"Definition: `{definition}`", "", f"Value: `{write_json(value)}`", ""]
    lines += _render_notes(kind)
    lines += _render_options(kind)
    return "\n".join(lines)


def _render_notes(kind: FieldType[Any, Any]) -> Iterator[str]:
    if kind.long:
        yield "Kept beside the record, so that its row stays small.\n"
    if kind.read_only:
        yield "Only the engine writes it.\n"
    if isinstance(kind, References):
        yield "Its target must exist when it is written.\n"


def _render_options(kind: FieldType[Any, Any]) -> Iterator[str]:
    schema: Any = options_schema(kind)
    if not schema["properties"]:
        yield "It has no options.\n"
        return
    yield (inspect.getdoc(kind.options_class) or "") + "\n"
    yield "| option | takes | if not said |"
    yield "| --- | --- | --- |"
    for name, part in schema["properties"].items():
        default = "required" if name in schema["required"] else _default(part)
        yield f"| `{name}` | {_render_takes(part)} | {default} |"
    yield ""


def _default(part: Mapping[str, Any]) -> str:
    if part.get("default") is None or part["default"] in ((), [], ""):
        return "\u2013"
    return f"`{write_json(part['default'])}`"


def _render_takes(part: Mapping[str, Any]) -> str:
    """Give the JSON Schema of an option in a few words."""
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(_render_takes(inner) for inner in part["anyOf"]))
    if "enum" in part:
        return ", ".join(f"`{value}`" for value in part["enum"])
    if part.get("type") == "array":
        return f"list of {_render_takes(part['items'])}"
    if part.get("type") == "object" and "properties" in part:
        return f"object of {', '.join(f'`{name}`' for name in part['properties'])}"
    low, high = part.get("minimum"), part.get("maximum")
    bounds = f" from {low} to {high}" if low is not None and high is not None else ""
    shape = f" like `{part['pattern']}`" if "pattern" in part else ""
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    kind = str(part.get("type", "anything"))
    return words.get(kind, kind) + bounds + shape.replace("|", "\\|")


def _render_spellings() -> str:
    rows = ["## Other spellings", "", "Case, blanks, hyphens and underscores do not count.", ""]
    for kind in FIELD_TYPES:
        others = [f"`{other}`" for other, name in SPELLINGS.items() if name == kind]
        if others:
            rows.append(f"- `{kind}`: {', '.join(others)}")
    return "\n".join([*rows, ""])


def _first_line(kind: FieldType[Any, Any]) -> str:
    return (inspect.getdoc(type(kind)) or "").partition("\n")[0]


def _operators(kind: FieldType[Any, Any]) -> str:
    asked = [operator for operator in Operator if operator in kind.operators]
    return " ".join(f"`{operator.value}`" for operator in asked) or "\u2013"


def _yes(value: bool) -> str:  # noqa: FBT001 - the value is the flag
    return "yes" if value else "\u2013"

"""The schemas of a tenant's objects: how a record is read, created and changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fieldstone.api.openapi_operation import list_schema, object_schema, or_null, schema_ref
from fieldstone.api.openapi_shapes import CURSOR, RECORD_ID, TOTAL
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.records.showing import whole_record
from fieldstone.runtime.records.write import MOST_RECORDS
from fieldstone.runtime.transactions import Transaction

_VERSION: Final[Json] = {
    "type": "integer",
    "minimum": 1,
    "description": "The version that the caller has seen; another one gives 409.",
}


def visible_objects(catalog: Catalog, rights: Rights) -> tuple[ObjectDef, ...]:
    """Give the objects that a viewer may see, in order of name."""
    return tuple(obj for obj in catalog.objects if rights.may_read_object(obj.id))


def object_schemas(tx: Transaction, obj: ObjectDef) -> Iterator[tuple[str, dict[str, Json]]]:
    """Yield name and schema of what is read of an object, created, changed and listed."""
    shown = [path.names for path in whole_record(obj, tx)]
    fields = [obj.by_name[fold(parts[0])] for parts in shown]
    writable = [field for field in fields if _is_writable(field, tx.rights)]
    read: dict[str, Json] = {
        field.name: _read(field, parts[1:], tx.rights)
        for field, parts in zip(fields, shown, strict=True)
    }
    described: dict[str, Json] = {"title": obj.label}
    if obj.description:
        described["description"] = obj.description
    yield obj.name, {**object_schema(read, required=("id",)), **described}
    yield f"{obj.name}.create", {**_written(writable, new=True), **described}
    yield f"{obj.name}.change", {**_written(writable, new=False), **described}
    yield f"{obj.name}.page", _page(obj)


def create_schema(obj: ObjectDef) -> dict[str, Json]:
    """Give the schema of a body that creates one record or many."""
    one = schema_ref(f"{obj.name}.create")
    return {"anyOf": [one, many_of(one), wrapped_many_of(one)]}


def many_of(one: dict[str, Json]) -> dict[str, Json]:
    """Give the schema of a list of records to write."""
    return {**list_schema(one), "maxItems": MOST_RECORDS}


def wrapped_many_of(one: dict[str, Json]) -> dict[str, Json]:
    """Give the schema of a list of records with how it is to be written."""
    asked: dict[str, Json] = {
        "records": many_of(one),
        "all_or_nothing": {
            "type": "boolean",
            "default": False,
            "description": "Whether one bad record refuses all; else each has its own result.",
        },
    }
    return object_schema(asked, required=("records",))


def _is_writable(field: Field, rights: Rights) -> bool:
    by_hand = field.derivation is None or field.derivation.allows_input
    return by_hand and not field.read_only and rights.may_edit_field(field.id)


def _described(field: Field) -> dict[str, Json]:
    said = {"title": field.label, "description": " ".join(filter(None, _words(field)))}
    return {key: text for key, text in said.items() if text}


def _words(field: Field) -> tuple[str, ...]:
    """Give what a person should know of a field, and the other names it is found by."""
    also = f"Also found as {', '.join(field.aliases)}." if field.aliases else ""
    # What a reference may point to is not told here: the viewer may not see all of it.
    kind = field.type.label if field.is_reference else field.type.describe(field.options)
    return f"{kind}.", field.description, field.help, also


def _value(field: Field) -> dict[str, Json]:
    schema: dict[str, Json] = dict(field.type.json_schema(field.options))  # type: ignore[arg-type]
    return schema


def _read(field: Field, below: tuple[str, ...], rights: Rights) -> dict[str, Json]:
    value = _value(field)
    if below:
        parts: dict[str, Json] = {"id": RECORD_ID, below[0]: {}}
        value = object_schema(parts, required=("id", below[0]))
    shown = value if field.column in ("id", "version") else or_null(value)
    read_only: dict[str, Json] = {} if _is_writable(field, rights) else {"readOnly": True}
    return {**shown, **_described(field), **read_only}


def _written(fields: list[Field], *, new: bool) -> dict[str, Json]:
    properties: dict[str, Json] = {}
    for field in fields:
        schema = _value(field)
        if field.is_reference and schema.get("type") == "string":
            schema = {"anyOf": [schema, object_schema({"id": RECORD_ID}, required=("id",))]}
        default = {"default": field.default} if new and field.default is not None else {}
        properties[field.name] = {**or_null(schema), **_described(field), **default}
    if not new:
        return object_schema({**properties, "version": _VERSION}, closed=True)
    required = tuple(f.name for f in fields if _must_be_given(f))
    return object_schema(properties, required=required, closed=True)


def _must_be_given(field: Field) -> bool:
    return (
        field.required
        and field.visible_if is None
        and field.default is None
        and field.derivation is None
        and field.type.default(field.options) is None
    )


def _page(obj: ObjectDef) -> dict[str, Json]:
    meta = object_schema(
        {"tenant": {"type": "string"}, "total": TOTAL, "next": CURSOR},
        required=("tenant", "total", "next"),
        closed=True,
    )
    listed = list_schema(schema_ref(obj.name))
    return object_schema({"data": listed, "meta": meta}, required=("data", "meta"), closed=True)

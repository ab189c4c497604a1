"""RecordType as an object of queries: its rows are the record types that the catalog knows.

No table holds them: the statement does, so that they are always those of its catalog, in the
viewer's language. There are the record types of the objects that the viewer may read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, FromClause, Text, cast, column, func, null, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.ids import FieldId, ObjectId, TenantId
from fieldstone.metadata.catalog import Catalog, Field, Holds, ObjectDef
from fieldstone.metadata.field_types.choice import ChoiceOptions, KnownChoice
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.record_types import RecordType
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, fold, write_json
from fieldstone.query_language.binding import bind_object
from fieldstone.query_language.syntax import Path

NAME: Final = "RecordType"
_OBJECT_ID: Final = ObjectId(-1)
_FIRST_FIELD: Final = -(10**12)
_ID, _OF = "id", "object"
_ROW: Final = "n"

_Declared = tuple[ObjectDef, RecordType]
_FIELDS: Final = (
    (_ID, "Id", "record_type", ()),
    ("name", "Name", "text", ("Label",)),
    ("developer_name", "Name in formulas", "text", ("DeveloperName",)),
    (_OF, "Object", "picklist", ("SobjectType", "sobject_type")),
    ("active", "Active", "checkbox", ("IsActive", "is_active")),
    ("description", "Description", "text", ()),
    ("business_process", "Business process", "text", ("BusinessProcess",)),
    ("namespace_prefix", "Namespace", "text", ("NamespacePrefix",)),
)


@dataclass(frozen=True, slots=True, eq=False)
class DeclaredObject(ObjectDef):
    """An object whose rows the catalog knows. rows: a JSON array of them, by the fields' keys."""

    rows: str = "[]"


def bind_source(path: Path, catalog: Catalog, rights: Rights) -> ObjectDef:
    """Give the object that is asked for rows: one of the catalog's, or RecordType.

    Raises UnknownObject.
    """
    if fold(path.text) == fold(NAME) and catalog.find_object(NAME) is None:
        return _record_types(catalog, rights)
    return bind_object(path, catalog, rights)


def declared_table(source: DeclaredObject, tenant_id: TenantId, name: str) -> FromClause:
    """Give the rows of an object that the catalog knows, as a table with the columns of a heap."""
    each = func.jsonb_array_elements(cast(constant(source.rows), JSONB))
    row = each.table_valued(column("value", JSONB)).alias(f"{name}d").c.value
    return select(
        constant(int(tenant_id)).label("tenant_id"),
        constant(int(source.id)).label("object_id"),
        cast(row.op("->>")(constant(_ROW)), BigInteger).label("id"),
        constant(1).label("live"),
        row.label("data"),
        cast(null(), Text).label("data_long"),
    ).subquery(name)


def _record_types(catalog: Catalog, rights: Rights) -> DeclaredObject:
    """Give the object RecordType as a viewer sees it."""
    known = [
        (obj, one)
        for obj in catalog.objects
        if obj.type_field is not None
        and rights.may_read_object(obj.id)
        and rights.may_read_field(obj.type_field.id)
        for one in obj.record_types
    ]
    fields = tuple(_fields(known))
    by_name = {
        key: field
        for field in fields
        for name in (field.name, *field.aliases)
        for key in keys_of(name)
    }
    return DeclaredObject(
        id=_OBJECT_ID,
        name=NAME,
        label="Record type",
        plural_label="Record types",
        slug="record_types",
        prefix="rectype",
        heap="the catalog",
        name_field="name",
        fields=fields,
        by_name=by_name,
        holds=Holds.METADATA,
        rows=write_json([_row(obj, one) for obj, one in known]),
    )


def _fields(known: list[_Declared]) -> Iterator[Field]:
    ids = (KnownChoice(one.key, one.key) for _, one in known)
    objects = {obj.name: KnownChoice(obj.name, obj.label, also=obj.aliases) for obj, _ in known}
    options: Mapping[str, Any] = {
        _ID: ChoiceOptions(tuple(ids), restricted=False),
        _OF: ChoiceOptions(tuple(objects.values()), restricted=False),
    }
    for number, (name, label, kind, aliases) in enumerate(_FIELDS):
        yield Field(
            id=FieldId(_FIRST_FIELD - number),
            object_id=_OBJECT_ID,
            name=name,
            label=label,
            type=FIELD_TYPES[kind],
            options=options.get(name) or FIELD_TYPES[kind].options_class(),
            key=name,
            read_only=True,
            aliases=aliases,
            package="",
        )


def _row(obj: ObjectDef, one: RecordType) -> dict[str, Json]:
    """Give one record type as records keep their values; what is blank is left out."""
    said: dict[str, Json] = {
        _ID: one.key,
        "name": one.label,
        "developer_name": one.name,
        _OF: obj.name,
        "active": one.is_active,
        "description": one.description or None,
        "business_process": one.business_process,
    }
    return {_ROW: one.id, **{key: value for key, value in said.items() if value is not None}}

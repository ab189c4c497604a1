"""Components of the kinds record_type and business_process become the record types of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from fieldstone.ids import ObjectId, format_id
from fieldstone.metadata.catalog import Declared, Field, Formula
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.field_types.choice import HasChoices
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.kinds.business_process import BusinessProcessBody
from fieldstone.metadata.kinds.record_type import SEPARATOR, RecordTypeBody
from fieldstone.metadata.record_types import (
    ALIASES,
    DEVELOPER_NAME,
    KEY,
    RECORD_TYPE,
    TYPE_NAME,
    RecordType,
    field_id_of,
    keys_found,
    named_by,
    options_of,
)
from fieldstone.metadata.storage import RECORD_TYPE_KEY
from fieldstone.metadata.values import Json, fold

_NAMED: Final = (
    (TYPE_NAME, "Record type: Name"),
    (DEVELOPER_NAME, "Record type: Name in formulas"),
)

DeclaredByKind = Mapping[str, Mapping[str, Declared]]


def keys_in(rows: Iterable[StoredComponent]) -> dict[int, str]:
    """Give what records keep of each record type, by the id of its component."""
    return {
        row.id: str(row.storage.get(RECORD_TYPE_KEY) or format_id("rectype", row.id))
        for row in rows
        if row.component.kind == "record_type"
    }


def record_types_of(
    object_id: ObjectId,
    by_name: Mapping[str, Field],
    declared: DeclaredByKind,
    keys: Mapping[int, str],
) -> tuple[RecordType, ...]:
    """Give the record types of an object in order of their making. by_name: its fields."""
    mine = (one for one in declared.get("record_type", {}).values() if one.object_id == object_id)
    return tuple(
        _record_type(one, by_name, declared, keys[one.id])
        for one in sorted(mine, key=lambda one: one.id)
    )


def _record_type(
    one: Declared, by_name: Mapping[str, Field], declared: DeclaredByKind, key: str
) -> RecordType:
    body: RecordTypeBody = one.body
    narrowed = [
        (field, _narrowed(field, offered.values, offered.default))
        for name, offered in body.picklists.items()
        if (field := by_name.get(fold(name))) is not None and has_choices(field)
    ]
    process = _process(body, declared)
    if process is not None and (stage := by_name.get(fold(process.field))) is not None:
        # The stages of a way win over what the type says of that field itself.
        first = process.default or process.values[0]
        narrowed.append((stage, _narrowed(stage, process.values, first)))
    return RecordType(
        id=one.id,
        key=key,
        name=one.name,
        label=body.label,
        description=body.description,
        is_active=body.active,
        values={field.id: values for field, (values, _) in narrowed},
        defaults={field.id: default for field, (_, default) in narrowed if default is not None},
        compact_layout=body.compact_layout,
        business_process=body.business_process,
    )


def _process(body: RecordTypeBody, declared: DeclaredByKind) -> BusinessProcessBody | None:
    wanted = f"{body.object}.{body.business_process}"
    found = declared.get("business_process", {}).get(fold(wanted))
    return None if found is None or body.business_process is None else found.body


def _narrowed(
    field: Field, values: Iterable[str], default: str | None
) -> tuple[tuple[str, ...], Json]:
    """Give what may be chosen in a field, in the spelling of its list, and what is usual."""
    spelled = tuple(dict.fromkeys(_spelled(field, value) for value in values))
    if default is None:
        return spelled, None
    chosen = [_spelled(field, one.strip()) for one in default.split(SEPARATOR) if one.strip()]
    several = field.type.json_schema(field.options).get("type") == "array"
    return spelled, chosen if several else _spelled(field, default)


def _spelled(field: Field, value: str) -> str:
    found = field.options.find(value)
    return value if found is None else str(found.value)


def has_choices(field: Field) -> bool:
    """Tell whether what may be chosen in a field can hang on the record type."""
    return isinstance(field.type, HasChoices) and field.key not in ("", KEY)


def record_type_field(object_id: ObjectId, types: Iterable[RecordType]) -> Field:
    """Give the field that holds which type a record is of."""
    return Field(
        id=field_id_of(object_id, RECORD_TYPE),
        object_id=object_id,
        name=RECORD_TYPE,
        label="Record type",
        type=FIELD_TYPES["record_type"],
        options=options_of(types),
        key=KEY,
        aliases=ALIASES,
    )


def named_fields(object_id: ObjectId, types: tuple[RecordType, ...]) -> Iterator[Field]:
    """Yield the fields that tell what the type of a record is called; no list shows them."""
    text: Any = FIELD_TYPES["text"]
    for name, label in _NAMED:
        formula = Formula(named_by(types, by_label=name == TYPE_NAME))
        yield Field(
            id=field_id_of(object_id, name),
            object_id=object_id,
            name=name,
            label=label,
            type=text,
            options=text.options_class(),
            read_only=True,
            formula=formula,
        )


def spellings_of(fields: Iterable[Field]) -> dict[str, Field]:
    """Give the fields that tell what a type is called by every dotted spelling."""
    return {key: field for field in fields for key in keys_found(field.name)}

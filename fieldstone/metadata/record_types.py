"""The record types of an object as a catalog knows them, and the fields that tell of them.

A record keeps the key of its type, which no renaming touches. What the type is called follows
from that by two formulas, so that queries, formulas and exports read them like any other field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fieldstone.ids import FieldId, ObjectId
from fieldstone.metadata.field_types.choice import ChoiceOptions, KnownChoice, with_choices
from fieldstone.metadata.values import Json, fold

RECORD_TYPE: Final = "record_type"
"""The name of the field that holds which type a record is of."""

KEY: Final = "rt"
"""Its key in a record's JSON; those of declared fields begin with f."""

ALIASES: Final = ("RecordTypeId", "RecordType")
DEVELOPER_NAME: Final = "RecordType.DeveloperName"
TYPE_NAME: Final = "RecordType.Name"
_PLACES: Final = {RECORD_TYPE: 7, TYPE_NAME: 8, DEVELOPER_NAME: 9}
_IDS_PER_OBJECT: Final = 16
NO_TYPE: Final = ""


@dataclass(frozen=True, slots=True, eq=False)
class RecordType:
    """One record type of an object.

    id: of its component, by which permission sets mean it. key: what records keep. name: without
    that of the object. values: of the fields that it narrows, what may be chosen, in order.
    defaults: what a new record of the type gets in such a field. compact_layout: by its own name.
    own_label: its label where the one that is shown is of another language.
    """

    id: int
    key: str
    name: str
    label: str
    description: str = ""
    is_active: bool = True
    values: Mapping[FieldId, tuple[str, ...]] = field(default_factory=dict)
    defaults: Mapping[FieldId, Json] = field(default_factory=dict)
    compact_layout: str | None = None
    business_process: str | None = None
    own_label: str = ""

    def forbidden(self, field_id: FieldId, value: Json) -> list[str]:
        """Give those of a field's chosen values that a record of the type may not have."""
        allowed = self.values.get(field_id)
        if allowed is None or value is None:
            return []
        known = {fold(one) for one in allowed}
        chosen = value if isinstance(value, list | tuple) else (value,)
        return [str(one) for one in chosen if fold(str(one)) not in known]

    def narrowed(self, field_id: FieldId, options: Any) -> Any:
        """Give the options of a field with no more than what the type lets choose."""
        allowed = self.values.get(field_id)
        if allowed is None or not isinstance(options, ChoiceOptions):
            return options
        known = {fold(one) for one in allowed}
        return with_choices(options, [one for one in options.choices if fold(one.value) in known])


def options_of(types: Iterable[RecordType]) -> ChoiceOptions:
    """Give the options of the field that holds the type: one for each, found by its name too."""
    offered = tuple(
        KnownChoice(one.key, one.label, active=one.is_active, said=one.own_label, also=(one.name,))
        for one in types
    )
    return ChoiceOptions(offered)


def field_id_of(object_id: ObjectId, name: str) -> FieldId:
    """Give the id of a field that tells of the record type; no component has one below nothing."""
    return FieldId(-(object_id * _IDS_PER_OBJECT + _PLACES[name]))


def named_by(types: Sequence[RecordType], *, by_label: bool) -> str:
    """Give the formula that says what the type of a record is called."""
    cases = [
        part
        for one in types
        for part in (_quoted(one.key), _quoted(one.label if by_label else one.name))
    ]
    return f"CASE({RECORD_TYPE}, {', '.join(cases)}, {_quoted(NO_TYPE)})"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def keys_found(name: str) -> Iterator[str]:
    """Yield the dotted spellings by which what a type is called is found."""
    own = {TYPE_NAME: ("name",), DEVELOPER_NAME: ("developername", "developer_name")}[name]
    for relation in ("recordtype", "record_type", "recordtype__r"):
        yield from (f"{relation}.{one}" for one in own)

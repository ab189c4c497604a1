"""Permission sets as forms show them, and what somebody ticked as the body of a set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import FormData

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.permission_set import FieldLevel, ObjectRight, PermissionSet, TypeGrant
from fieldstone.metadata.permission_sets import permission_set_of
from fieldstone.metadata.record_types import RecordType
from fieldstone.metadata.rights import Action, SetupArea
from fieldstone.metadata.values import Json, JsonObject, fold

ALL: Final = "*"
"""Stands in the names of inputs in the place of an object, for all objects."""

FOLLOWS: Final = "follows"
TYPE_GRANTS: Final = (
    ("", "Not named"),
    (TypeGrant.ALLOWED.value, "May give it"),
    (TypeGrant.DEFAULT.value, "Gives it where nothing else is said"),
)
LEVELS: Final = (
    (FOLLOWS, "As all fields"),
    (FieldLevel.NONE.value, "Hidden"),
    (FieldLevel.READ.value, "Read"),
    (FieldLevel.EDIT.value, "Read and edit"),
)
RIGHTS: Final = (
    (ObjectRight.READ, "Read"),
    (ObjectRight.CREATE, "Create"),
    (ObjectRight.EDIT, "Edit"),
    (ObjectRight.DELETE, "Delete"),
    (ObjectRight.VIEW_ALL, "View all"),
    (ObjectRight.MODIFY_ALL, "Modify all"),
    (ObjectRight.LOCK, "Lock"),
)
ACTIONS: Final = (
    (Action.EXPORT, "Export records"),
    (Action.IMPORT, "Import records"),
    (Action.API, "Let programs act by access tokens"),
)
AREAS: Final = (
    (SetupArea.OBJECTS, "Objects and fields"),
    (SetupArea.PEOPLE, "People"),
    (SetupArea.PERMISSIONS, "Permissions"),
    (SetupArea.STORAGE, "Storage"),
    (SetupArea.ORGANIZATION, "Organization"),
    (SetupArea.PRIVACY, "Personal data"),
    (SetupArea.AUDIT, "Audit"),
)
_LONGEST: Final = 4000


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One row of the matrix.

    object: None for the row of all objects. follows: whether the set says nothing of it. named:
    how many of its fields the set names.
    """

    object: ObjectDef | None
    rights: frozenset[ObjectRight]
    follows: bool = False
    named: int = 0

    @property
    def shown(self) -> str:
        """The rights that are ticked, in the order of the columns."""
        return " ".join(right.value for right, _ in RIGHTS if right in self.rights)

    @property
    def key(self) -> str:
        """What its inputs are called by."""
        return ALL if self.object is None else self.object.name


def object_rows(catalog: Catalog, one: PermissionSet) -> Iterator[ObjectRow]:
    """Yield the rows of the matrix of a set, all objects first, the others by their labels."""
    yield ObjectRow(None, one.all_objects)
    said, fields = one.objects or {}, one.fields or {}
    for obj in sorted(catalog.objects, key=lambda obj: (fold(obj.plural_label), obj.name)):
        named = sum(field.id in fields for field in obj.fields)
        yield ObjectRow(obj, one.of_object(obj.id), obj.id not in said, named)


def field_rows(obj: ObjectDef, one: PermissionSet) -> Iterator[tuple[Field, str]]:
    """Yield the fields of an object that a set may open, each with what the set says of it."""
    said = one.fields or {}
    for field in obj.own_fields:
        if field.is_declared:
            yield field, said[field.id].value if field.id in said else FOLLOWS


def type_rows(obj: ObjectDef, one: PermissionSet) -> Iterator[tuple[RecordType, str]]:
    """Yield the record types of an object, each with how the set itself opens it; "" for not."""
    named = (one.record_types or {}).get(obj.id, frozenset())
    for kind in obj.record_types:
        grant = TypeGrant.DEFAULT if kind.id in one.usual_types else TypeGrant.ALLOWED
        yield kind, grant.value if kind.id in named else ""


def body_of(catalog: Catalog, one: PermissionSet) -> dict[str, Json]:
    """Give the body of a set, with names as they are now and nothing of what is in the bin."""
    known = catalog.permission_sets
    levels = one.fields or {}
    return {
        "label": one.label,
        "description": one.description,
        "is_profile": one.is_profile,
        "includes": [known[number].name for number in one.includes if number in known],
        "all_objects": _rights(one.all_objects),
        "objects": {
            catalog.by_id[number].name: _rights(rights)
            for number, rights in (one.objects or {}).items()
        },
        "all_fields": one.all_fields.value,
        "fields": {
            f"{obj.name}.{field.name}": levels[field.id].value
            for obj in catalog.objects
            for field in obj.fields
            if field.id in levels
        },
        "unmask": [
            f"{obj.name}.{field.name}"
            for obj in catalog.objects
            for field in obj.fields
            if field.id in one.unmask
        ],
        "all_unmask": one.all_unmask,
        "record_types": {
            f"{obj.name}.{kind.name}": grant
            for obj in catalog.objects
            for kind, grant in type_rows(obj, one)
            if grant
        },
        "actions": [action.value for action in Action if action in one.actions],
        "setup": [area.value for area in SetupArea if area in one.setup],
    }


def as_proposed(catalog: Catalog, one: PermissionSet, proposed: Component) -> PermissionSet:
    """Give a set as it would be, to be shown in its form again."""
    row = StoredComponent(one.id, proposed)
    ids = {fold(known.name): known.id for known in catalog.permission_sets.values()}
    return permission_set_of(row, ids, catalog.find_object)


def body_with_rights(catalog: Catalog, one: PermissionSet, sent: FormData) -> JsonObject:
    """Give the body of a set as the form of its page says it."""
    objects: dict[str, Json] = {
        obj.name: _ticked(sent, f"o:{obj.name}")
        for obj in catalog.objects
        if not _follows(sent, obj.name)
    }
    return {
        **body_of(catalog, one),
        "label": str(sent.get("label", ""))[:_LONGEST].strip(),
        "description": str(sent.get("description", ""))[:_LONGEST].strip(),
        "is_profile": "is_profile" in sent,
        "includes": _ticked(sent, "includes"),
        "all_objects": _ticked(sent, f"o:{ALL}"),
        "objects": objects,
        "all_fields": str(sent.get("all_fields", FieldLevel.NONE.value)),
        "all_unmask": "all_unmask" in sent,
        "actions": _ticked(sent, "actions"),
        "setup": _ticked(sent, "setup"),
    }


def body_with_fields(
    catalog: Catalog, one: PermissionSet, obj: ObjectDef, sent: FormData
) -> JsonObject:
    """Give the body of a set with what the form of the fields of an object says."""
    body = body_of(catalog, one)
    said = body["fields"]
    assert isinstance(said, dict)
    declared = [field for field in obj.own_fields if field.is_declared]
    own = {f"{obj.name}.{field.name}": sent.get(f"f:{field.name}") for field in declared}
    kept = {name: level for name, level in said.items() if name not in own}
    chosen = {name: str(level) for name, level in own.items() if level not in (None, FOLLOWS)}
    unmask = body["unmask"]
    assert isinstance(unmask, list)
    elsewhere = [name for name in unmask if name not in own]
    here: list[Json] = [
        f"{obj.name}.{field.name}"
        for field in obj.own_fields
        if field.mask is not None
        # Where the set sees all of them, the page offers no choice for one.
        and (field.id in one.unmask if one.all_unmask else f"u:{field.name}" in sent)
    ]
    types = body["record_types"]
    assert isinstance(types, dict)
    given = {
        f"{obj.name}.{kind.name}": str(sent.get(f"t:{kind.name}", "")) for kind in obj.record_types
    }
    types = {name: grant for name, grant in {**types, **given}.items() if grant}
    fields = {**kept, **chosen}
    return {**body, "fields": fields, "unmask": [*elsewhere, *here], "record_types": types}


def _follows(sent: FormData, name: str) -> bool:
    """Tell whether an object is to follow all objects: a row whose rights were touched does not."""
    shown = str(sent.get(f"was:{name}", ""))
    return f"{FOLLOWS}:{name}" in sent and shown == " ".join(map(str, _ticked(sent, f"o:{name}")))


def _ticked(sent: FormData, name: str) -> list[Json]:
    return [str(value) for value in sent.getlist(name)]


def _rights(given: Iterable[ObjectRight]) -> list[Json]:
    every = frozenset(given)
    return [right.value for right in ObjectRight if right in every]

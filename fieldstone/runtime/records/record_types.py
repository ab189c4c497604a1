"""Record types of records that are written: which they get, and what they let be chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.record_types import RecordType
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.draft import Data, Draft

NOT_ALLOWED: Final = "record.type_not_allowed"
NOT_OF_TYPE: Final = "value.not_of_type"
_MOST_TOLD: Final = 12


def types_offered(obj: ObjectDef, rights: Rights) -> tuple[RecordType, ...]:
    """Give the record types that somebody may give records, the usual one first."""
    offered = [one for one in obj.record_types if one.is_active and rights.may_give_type(one.id)]
    return tuple(sorted(offered, key=lambda one: one.id not in rights.usual_types))


def usual_type(obj: ObjectDef, rights: Rights) -> RecordType | None:
    """Give the record type of a new record of which nobody says it; None for none.

    That is the one that a permission set says, or the only one that there is to choose.
    """
    offered = types_offered(obj, rights)
    if offered and (len(offered) == 1 or offered[0].id in rights.usual_types):
        return offered[0]
    return None


def type_given(obj: ObjectDef, given: Mapping[Field, Json], rights: Rights) -> RecordType | None:
    """Give the record type that a new record will have."""
    held = obj.type_field
    if held is None:
        return None
    said = given.get(held)
    return usual_type(obj, rights) if said is None else obj.record_type(said)


def usual_values(obj: ObjectDef, chosen: RecordType | None, defaults: Mapping[str, Json]) -> Data:
    """Give what a new record of a type holds before anything is said, by the keys of fields.

    defaults: what it would hold without a type; what the type does not let be chosen is left out.
    """
    if chosen is None or obj.type_field is None:
        return dict(defaults)
    found = {obj.type_field.key: chosen.key, **defaults}
    for field in _narrowed(obj, chosen):
        if field.id in chosen.defaults:
            found[field.key] = chosen.defaults[field.id]
        elif chosen.forbidden(field.id, found.get(field.key)):
            del found[field.key]
    return found


def check_record_types(obj: ObjectDef, rights: Rights, drafts: Iterable[Draft]) -> None:
    """Note every record type that may not be given, and every value that a type does not offer.

    What was there before and stays is left alone, though the type would not offer it any more.
    """
    held = obj.type_field
    if held is None:
        return
    for draft in drafts:
        found = obj.record_type(draft.value(held))
        if found is None:
            continue
        becomes = draft.changes(held)
        if becomes and held in draft.given and not rights.may_give_type(found.id):
            message = f"You may not give {obj.plural_label} the record type {found.label}."
            draft.refuse(NOT_ALLOWED, message, held, _offer(obj, rights))
            continue
        for field in _narrowed(obj, found):
            if becomes or draft.changes(field):
                _check_value(draft, field, found)


def _check_value(draft: Draft, field: Field, chosen: RecordType) -> None:
    for value in chosen.forbidden(field.id, draft.value(field)):
        offered = chosen.values[field.id]
        more = ", ..." if len(offered) > _MOST_TOLD else ""
        hint = f"It may be {', '.join(offered[:_MOST_TOLD])}{more}." if offered else None
        message = f"{field.label} cannot be {value} in the record type {chosen.label}."
        draft.refuse(NOT_OF_TYPE, message, field, hint)


def _narrowed(obj: ObjectDef, chosen: RecordType) -> Iterator[Field]:
    return (field for field in obj.own_fields if field.id in chosen.values)


def _offer(obj: ObjectDef, rights: Rights) -> str:
    labels = [one.label for one in types_offered(obj, rights)]
    return f"You may give {', '.join(labels)}." if labels else "Leave it out."

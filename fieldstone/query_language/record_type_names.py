"""What the record type of a record is called: RecordType.Name and RecordType.DeveloperName."""

from __future__ import annotations

from typing import Final

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold

_ID: Final = "id"
_RELATIONS: Final = frozenset({"recordtype", "record_type", "recordtype__r"})


def name_of_type(obj: ObjectDef, parent: str, name: str, rights: Rights) -> Field | None:
    """Give the field that RecordType.Name and the like mean; None where they mean none.

    They tell what the field does that holds the type, and are for those who may read that.
    """
    held = obj.type_field
    if held is None or fold(parent) not in _RELATIONS or not rights.may_read_field(held.id):
        return None
    return held if fold(name) == _ID else obj.find_field(f"{parent}.{name}")


def tells_type(field: Field) -> bool:
    """Tell whether a field says what the record type of a record is called."""
    return "." in field.name

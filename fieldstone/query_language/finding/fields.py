"""Which fields of an object a search looks at, of those that the viewer may read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.email import Email
from fieldstone.metadata.field_types.person_name import PersonName
from fieldstone.metadata.field_types.phone import Phone
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.finding.syntax import FieldsSearched

_KINDS: Final = {
    FieldsSearched.NAME: (PersonName,),
    FieldsSearched.EMAIL: (Email,),
    FieldsSearched.PHONE: (Phone,),
    FieldsSearched.SIDEBAR: (PersonName, Email, Phone),
}
_WITH_NAME: Final = (FieldsSearched.NAME, FieldsSearched.SIDEBAR)


def is_searched(obj: ObjectDef, group: FieldsSearched, rights: Rights) -> bool:
    """Tell whether an object has a field that is looked at."""
    return rights.may_read_object(obj.id) and any(searched_fields(obj, group, rights))


def searched_fields(obj: ObjectDef, group: FieldsSearched, rights: Rights) -> Iterator[Field]:
    """Yield the fields that are looked at."""
    for field in obj.own_fields:
        if field.searchable and rights.may_read_field(field.id) and _belongs(field, obj, group):
            yield field


def _belongs(field: Field, obj: ObjectDef, group: FieldsSearched) -> bool:
    if group is FieldsSearched.ALL or (group in _WITH_NAME and field is obj.title):
        return True
    return isinstance(field.type, _KINDS[group])

"""The field types there are: a list in plain sight, and the names by which they are found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fieldstone.errors import InvalidInput
from fieldstone.metadata.field_types.address import Address
from fieldstone.metadata.field_types.auto_number import AutoNumber
from fieldstone.metadata.field_types.checkbox import Checkbox
from fieldstone.metadata.field_types.currency import Currency
from fieldstone.metadata.field_types.date import Date
from fieldstone.metadata.field_types.datetime import Datetime
from fieldstone.metadata.field_types.email import Email
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.file import File, Image
from fieldstone.metadata.field_types.geolocation import Geolocation
from fieldstone.metadata.field_types.id import Id
from fieldstone.metadata.field_types.json import JsonValue
from fieldstone.metadata.field_types.long_text import LongText
from fieldstone.metadata.field_types.lookup import Lookup
from fieldstone.metadata.field_types.many_to_many import ManyToMany
from fieldstone.metadata.field_types.master_detail import MasterDetail
from fieldstone.metadata.field_types.multi_select import MultiSelect
from fieldstone.metadata.field_types.number import Number
from fieldstone.metadata.field_types.percent import Percent
from fieldstone.metadata.field_types.person_name import PersonName
from fieldstone.metadata.field_types.phone import Phone
from fieldstone.metadata.field_types.picklist import Picklist
from fieldstone.metadata.field_types.polymorphic import Polymorphic
from fieldstone.metadata.field_types.record_type import RecordTypeValue
from fieldstone.metadata.field_types.rich_text import RichText
from fieldstone.metadata.field_types.text import Text
from fieldstone.metadata.field_types.time import Time
from fieldstone.metadata.field_types.url import Url
from fieldstone.metadata.field_types.user import User
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import fold


class UnknownType(InvalidInput):
    """A definition names a field type that there is not."""

    code = "metadata.unknown_type"


def by_name(*types: FieldType[Any, Any]) -> Mapping[str, FieldType[Any, Any]]:
    """Give the types under their names, in the order given."""
    named = {kind.name: kind for kind in types}
    assert len(named) == len(types), "two field types of one name"
    return MappingProxyType(named)


FIELD_TYPES: Final[Mapping[str, FieldType[Any, Any]]] = by_name(
    Text(),
    LongText(),
    RichText(),
    Number(),
    Currency(),
    Percent(),
    Checkbox(),
    Date(),
    Datetime(),
    Time(),
    Picklist(),
    MultiSelect(),
    Email(),
    Phone(),
    Url(),
    Address(),
    PersonName(),
    Geolocation(),
    AutoNumber(),
    JsonValue(),
    File(),
    Image(),
    User(),
    Lookup(),
    MasterDetail(),
    ManyToMany(),
    Polymorphic(),
    Id(),
    RecordTypeValue(),
)

SPELLINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "autonumber": "auto_number",
        "bool": "checkbox",
        "boolean": "checkbox",
        "choice": "picklist",
        "date_time": "datetime",
        "decimal": "number",
        "double": "number",
        "enum": "picklist",
        "float": "number",
        "geo": "geolocation",
        "html": "rich_text",
        "int": "number",
        "integer": "number",
        "link": "url",
        "location": "geolocation",
        "longtext": "long_text",
        "longtextarea": "long_text",
        "manytomany": "many_to_many",
        "masterdetail": "master_detail",
        "money": "currency",
        "multipicklist": "multi_select",
        "multiselect": "multi_select",
        "multiselectpicklist": "multi_select",
        "numeric": "number",
        "percentage": "percent",
        "personname": "person_name",
        "reference": "lookup",
        "richtext": "rich_text",
        "select": "picklist",
        "str": "text",
        "string": "text",
        "telephone": "phone",
        "textarea": "long_text",
        "timestamp": "datetime",
        "uri": "url",
    }
)
"""Other spellings that definitions may use; marks between words and case do not count."""


def get_field_type(name: str) -> FieldType[Any, Any]:
    """Give the type that a definition names, whatever its case or spelling. Raises UnknownType."""
    exact = FIELD_TYPES.get(name)
    if exact is not None and exact.definable:
        return exact
    plain = fold(name).strip().replace("-", "_").replace(" ", "_")
    bare = plain.replace("_", "")
    for spelling in (plain, SPELLINGS.get(plain), SPELLINGS.get(bare), bare):
        found = FIELD_TYPES.get(spelling) if spelling else None
        if found is not None and found.definable:
            return found
    known = [kind.name for kind in FIELD_TYPES.values() if kind.definable]
    hint = suggestion(name, known) or f"The types are {', '.join(known)}."
    raise UnknownType(f"There is no field type {name[:80]}.", hint=hint)

"""The field types there are: a list in plain sight, and the names by which they are found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fieldstone.errors import InvalidInput
from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.number import Number
from fieldstone.metadata.field_types.text import Text
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
    Number(),
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
    plain = fold(name).strip().replace("-", "_").replace(" ", "_")
    bare = plain.replace("_", "")
    for spelling in (plain, SPELLINGS.get(plain), SPELLINGS.get(bare), bare):
        found = FIELD_TYPES.get(spelling) if spelling else None
        if found is not None and found.definable:
            return found
    known = [kind.name for kind in FIELD_TYPES.values() if kind.definable]
    hint = suggestion(name, known) or f"The types are {', '.join(known)}."
    raise UnknownType(f"There is no field type {name[:80]}.", hint=hint)

"""Which fields tell who somebody is, and by which of them a person is found elsewhere."""

from __future__ import annotations

from typing import Final

from fieldstone.metadata.catalog import About, Field, ObjectDef

_TELLING: Final = frozenset(
    {
        *("email", "phone", "person_name", "address", "geolocation", "url"),
        *("text", "long_text", "rich_text", "json", "file", "image"),
    }
)
"""Types whose values are taken for personal in a person's own record, unless a field says no."""


def personal_fields(obj: ObjectDef) -> tuple[Field, ...]:
    """Give the stored fields of an object that go when a person is made anonymous."""
    return tuple(one for one in obj.own_fields if not one.is_calculated and _goes(obj, one))


def address_fields(obj: ObjectDef) -> tuple[Field, ...]:
    """Give the stored fields that hold e-mail addresses."""
    return _of_type(obj, "email")


def phone_fields(obj: ObjectDef) -> tuple[Field, ...]:
    """Give the stored fields that hold telephone numbers."""
    return _of_type(obj, "phone")


def _of_type(obj: ObjectDef, name: str) -> tuple[Field, ...]:
    return tuple(one for one in obj.own_fields if one.type.name == name and not one.is_calculated)


def _goes(obj: ObjectDef, field: Field) -> bool:
    return is_personal(obj, field.type.name, said=field.personal)


def is_personal(obj: ObjectDef, type_name: str, *, said: bool | None) -> bool:
    """Tell whether a field of a type is personal. said: what its definition says; None: nothing."""
    return obj.about is About.PERSON and type_name in _TELLING if said is None else said

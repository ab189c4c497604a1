"""What a field says about who a record is: told by its type and its part in the object."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.names import label_of

_PERSON_FORMS: Final = frozenset({"person_name"})
_DOMAIN_WORDS: Final = frozenset({"domain", "website", "web", "url", "homepage"})
_OWN_WORDS: Final = frozenset(
    {
        *("email", "e", "mail", "phone", "telephone", "tel", "mobile", "cell", "number", "address"),
        *("work", "office", "business", "main", "home", "private", "other", "second", "secondary"),
        *("billing", "shipping", "mailing", "postal", "street", "1", "2"),
    }
)
"""Words of fields that say how to reach the record itself: contact_email reaches somebody else."""


class Role(StrEnum):
    """How a field is compared."""

    PERSON = "person"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"
    ADDRESS = "address"
    HOST = "host"
    NUMBER = "number"


_BY_TYPE: Final = {"email": Role.EMAIL, "phone": Role.PHONE, "address": Role.ADDRESS}


@dataclass(frozen=True, slots=True)
class Roles:
    """The telling fields of an object. title: how its name is compared; fields: the others."""

    obj: ObjectDef
    title: Role
    name_fields: tuple[Field, ...]
    fields: tuple[tuple[Field, Role], ...]

    @property
    def is_fuzzy(self) -> bool:
        """Whether records stand for people, firms or places, so that likeness means something.

        Names alone do not: Widget 1 and Widget 2 are alike and two.
        """
        return self.title is Role.PERSON or any(role is not Role.NUMBER for _, role in self.fields)


def roles_of(obj: ObjectDef, mapped: Collection[Field]) -> Roles:
    """Tell the roles of an object's fields, as far as a file fills them."""
    title = obj.title
    is_person = title.type.name == "person_name"
    sources: tuple[Field, ...] = ()
    if title.derivation is not None:
        is_person = is_person or title.derivation.form in _PERSON_FORMS
        sources = tuple(obj.get_field(name) for name in title.derivation.fields)
    telling = ((of, role) for of in mapped if of is not title and (role := _role(of)) is not None)
    return Roles(obj, Role.PERSON if is_person else Role.NAME, sources, tuple(telling))


def _role(of: Field) -> Role | None:
    if of.is_system:
        return None
    if of.unique or of.external_id:
        return Role.NUMBER
    words = set(label_of(of.name).lower().split())
    if words <= _DOMAIN_WORDS:
        return Role.HOST
    return _BY_TYPE.get(of.type.name) if words <= _OWN_WORDS else None

"""The fields that an object has because of what it holds: settings, or records of metadata.

They are fields like any other, made with the object, and may not be taken from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from fieldstone.metadata.component import Component
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.values import Json, fold

SETUP_OWNER: Final = "setup_owner"
DEVELOPER_NAME: Final = "developer_name"
MASTER_LABEL: Final = "master_label"
SETTING_NAME: Final = "name"

EVERYBODY: Final = "organization"
"""The setup_owner of the values that hold where no others do."""

PROFILE_SIGN: Final = "profile:"
"""In front of the name of a profile, as a setup_owner; that of one person is the user's id."""

_KEY: Final[Mapping[str, Json]] = {"type": "text", "required": True, "unique": True, "length": 120}
_HELD: Final[Mapping[str, Mapping[str, Mapping[str, Json]]]] = {
    "settings": {
        SETUP_OWNER: {
            **_KEY,
            "label": "Holds for",
            "aliases": ["SetupOwnerId"],
            "help": "organization for everybody, profile: with its name, or the id of a person.",
        },
    },
    "list_settings": {
        SETTING_NAME: {**_KEY, "label": "Name"},
    },
    "metadata": {
        MASTER_LABEL: {
            "type": "text",
            "required": True,
            "length": 120,
            "label": "Label",
            "aliases": ["MasterLabel", "Label"],
        },
        DEVELOPER_NAME: {
            **_KEY,
            "label": "Name of the record",
            "aliases": ["DeveloperName", "QualifiedApiName"],
        },
    },
}


def held_names(holds: object) -> tuple[str, ...]:
    """Give the names of the fields that an object has for what it holds."""
    return tuple(_HELD.get(str(holds), ()))


def held_fields(obj: Component, taken: Callable[[str], bool]) -> Iterator[Component]:
    """Yield the fields that an object has for what it holds and that it has not yet.

    taken: tells whether a folded spelling means another field of it. An alias that does is left
    out; a name that does stands for the field.
    """
    for name, said in _HELD.get(str(obj.body.get("holds")), {}).items():
        if any(map(taken, keys_of(name))):
            continue
        aliases = said.get("aliases", [])
        assert isinstance(aliases, list)
        free: list[Json] = [one for one in aliases if not any(map(taken, keys_of(str(one))))]
        body: dict[str, Json] = {"object": obj.name, **said}
        if aliases:
            body["aliases"] = free
        yield Component("field", f"{obj.name}.{name}", body, obj.package)


def title_name(holds: str, name_field: str) -> str:
    """Give the field that names a record: of metadata its label, where nothing else was said."""
    if holds == "metadata" and fold(name_field) == "name":
        return MASTER_LABEL
    return name_field

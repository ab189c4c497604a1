"""What a component must keep to among all others, asked while a metadata change is planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import (
    MAX_FIELDS,
    SYSTEM_NAMES,
    names_claimed,
    split_name,
)
from fieldstone.metadata.kinds.registry import FIELD, OBJECT, OWNED, PICKLIST, RELATION, get_kind
from fieldstone.metadata.named_places import references_of, said_in
from fieldstone.metadata.names import MAX_NAME_LENGTH, suggestion
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import Json, JsonObject, fold

NAME_TAKEN: Final = "metadata.name_taken"
NEEDED: Final = "metadata.still_needed"
UNKNOWN: Final = "metadata.unknown_reference"
TOO_MANY: Final = "metadata.too_many"


def deep_problems(component: Component, scope: Scope) -> Iterator[Problem]:
    """Yield what is wrong with a well-shaped component among all others."""
    kind = get_kind(component.kind)
    yield from kind.check(component, scope)
    for needed_kind, name in kind.depends_on(component):
        if scope.find(needed_kind, name) is None and not is_system_field(needed_kind, name):
            yield _unknown(component, needed_kind, name, scope)


def _unknown(component: Component, kind: str, name: str, scope: Scope) -> Problem:
    """Say that a component names another one that there is not."""
    owner, own = split_name(name) if kind == FIELD.name else ("", name)
    message = f"{owner} has no field {own[:80]}." if owner else f"There is no {kind} {own[:80]}."
    hint = suggestion(own, scope.names_of(kind, owner)) or f"Make that {kind} first."
    said = said_in(component, get_kind(component.kind).places)
    named = next((one.pointer for one in said if (kind, name) in references_of(one)), "")
    at = named or _place_of(own, component.body) or _place_of(name, component.body)
    return Problem(UNKNOWN, message, at, hint)


def _place_of(name: str, value: Json) -> str:
    """Give the JSON pointer to the first text in a body that says a name; "" if none does."""
    inner: Iterable[tuple[object, Json]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list | tuple):
        inner = enumerate(value)
    for key, part in inner:
        if (part == name and isinstance(part, str)) or key == name:
            return f"/{key}"
        below = _place_of(name, part)
        if below:
            return f"/{key}{below}"
    return ""


def orphans(scope: Scope) -> Iterator[Problem]:
    """Yield who needs what is not there any more."""
    for component in scope:
        for kind, name in get_kind(component.kind).needs(component):
            if scope.find(kind, name) is None and not is_system_field(kind, name):
                message = f"{component.kind.capitalize()} {component.name} still needs {name}."
                yield Problem(NEEDED, message, "", f"Remove or change {component.name} first.")


def stood_in(component: Component, wrong: Sequence[Problem]) -> Component:
    """Give what of a misshapen component is right, so that others can be checked beside it."""
    places = {str(problem.at).split("/")[1] for problem in wrong if problem.at}
    kept = {key: value for key, value in component.body.items() if key not in places}
    for body in (kept, {**_LEAST[component.kind], **_own(component)}):
        right = replace(component, body=body)
        if not any(get_kind(component.kind).problems(right)):
            return right
    raise AssertionError(component.kind)


def _own(component: Component) -> JsonObject:
    """Give the part of a body without which a component would be another's."""
    if component.kind not in OWNED:
        return {}
    return {"object": split_name(component.name)[0][:MAX_NAME_LENGTH] or OBJECT.name}


_END: Final[JsonObject] = {"object": "User", "field": "end"}
_LEAST: Final[dict[str, JsonObject]] = {
    OBJECT.name: {"label": "Object"},
    FIELD.name: {"type": "text"},
    PICKLIST.name: {"label": "Picklist", "options": ["One"]},
    RELATION.name: {"label": "Relation", "left": _END, "right": {**_END, "field": "other"}},
    "attach_rule": {
        "object": "User",
        "field": "owner",
        "source": "id",
        "target": "User",
        "target_field": "id",
    },
    "validation_rule": {"object": "User", "condition": "FALSE", "message": "No."},
    "organization": {},
    "setting": {"type": "text"},
    "permission_set": {"label": "Set"},
    "identity_provider": {"label": "Provider", "issuer": "https://login.example"},
    "connected_app": {"label": "App"},
    "role": {"label": "Role"},
    "sharing_rule": {"object": "User", "share_with": {"everyone": True}, "where": "id = NULL"},
    "retention_policy": {"of": "jobs", "days": 1},
    "territory": {"label": "Territory"},
    "territory_rule": {"object": "User", "territory": "end", "where": "id = NULL"},
    "layout": {"object": "User", "label": "Part"},
    "compact_layout": {"object": "User", "label": "Part"},
    "field_set": {"object": "User", "label": "Part"},
    "list_view": {"object": "User", "label": "Part"},
    "record_type": {"object": "User", "label": "Part"},
    "metadata_record": {"object": "User", "label": "Part"},
    "business_process": {"object": "User", "label": "Way", "field": "id", "values": ["One"]},
    "web_link": {"object": "User", "label": "Link", "url": "https://example.com"},
    "quick_action": {"label": "Action", "target": "User"},
    "translation": {"language": "en"},
    "tab": {"label": "Tab", "object": "User"},
    "app": {"label": "App"},
    "package": {"label": "Package", "version": "1.0.0"},
    "package_build": {"label": "Package", "version": "1.0.0"},
    "trusted_key": {"label": "Key", "key": "A" * 43 + "="},
}
"""For each kind, a body that has the right shape and leans on nothing of a tenant's own."""


class FieldNames:
    """The fields of each object by every spelling under which they are found."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._claims: dict[str, dict[str, list[Component]]] = {}
        self._counts: dict[str, int] = {}
        for component in components:
            if component.kind == FIELD.name:
                owner = _owner_of(component)
                claims = self._claims.setdefault(owner, {})
                self._counts[owner] = self._counts.get(owner, 0) + 1
                for name in dict.fromkeys(names_claimed(component)):
                    claims.setdefault(name, []).append(component)

    def has(self, owner: str, name: str) -> bool:
        """Tell whether a folded spelling means a field of an object."""
        return name in self._claims.get(fold(owner), {})

    def problems(self, field: Component) -> Iterator[Problem]:
        """Yield the other fields of the same object that go by a name of a field."""
        claims = self._claims.get(_owner_of(field), {})
        others = (other for name in names_claimed(field) for other in claims.get(name, ()))
        for other in {other.key: other for other in others if other.key != field.key}.values():
            message = f"{split_name(other.name)[1]} goes by that name already."
            yield Problem(NAME_TAKEN, message, "/name", "Choose another name.")

    def too_many(self, components: Iterable[Component]) -> Iterator[Problem]:
        """Yield the problem that an object of these components has more fields than it may."""
        owners = {_owner_of(one) for one in components if one.kind in (OBJECT.name, FIELD.name)}
        if any(self._counts.get(owner, 0) > MAX_FIELDS for owner in owners):
            yield too_many_fields("")


def too_many_fields(at: str) -> Problem:
    """Say that an object has more fields than an object may."""
    hint = "Put some of them into an object of their own that refers to this one."
    return Problem(TOO_MANY, f"An object has at most {MAX_FIELDS} fields.", at, hint)


def _owner_of(field: Component) -> str:
    return fold(split_name(field.name)[0])


def is_system_field(kind: str, name: str) -> bool:
    """Tell whether a name is that of a field that every object has."""
    return kind == FIELD.name and fold(split_name(name)[1]) in SYSTEM_NAMES

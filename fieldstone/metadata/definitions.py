"""Definitions as callers write them: one object with its fields inside, in one JSON object.

{"name": "Project", "plural_name": "Projects", "fields": [{"name": "budget", "type": "currency"}]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from fieldstone.errors import InvalidInput, Problem, Several
from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.changes import Key, Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.options import option_names
from fieldstone.metadata.field_types.registry import get_field_type
from fieldstone.metadata.kinds.field import COMMON, MAX_FIELDS, split_name
from fieldstone.metadata.kinds.object import ObjectBody, check_name
from fieldstone.metadata.names import (
    CUSTOM_SUFFIX,
    MAX_NAME_LENGTH,
    custom_name,
    label_of,
    suggestion,
)
from fieldstone.metadata.plan_checks import too_many_fields
from fieldstone.metadata.rights import Rights, SetupArea
from fieldstone.metadata.values import Json, JsonObject, fold

INVALID: Final = "metadata.invalid"
_BODY: Final = tuple(one.name for one in fields(ObjectBody))
_KNOWN: Final = ("name", "plural_name", "fields", *_BODY)
_LONGEST_LABEL: Final = 120


@dataclass(frozen=True, slots=True)
class Definition:
    """An object's definition, read as far as it can be.

    components: the object and its fields; what has no name of its own has a made-up one.
    pointers: where in the definition each of them stands, by key. problems: what is wrong with
    the outer shape; what the kinds find wrong comes from plan_changes, together with these.
    """

    components: tuple[Component, ...]
    pointers: Mapping[Key, str]
    problems: tuple[Problem, ...] = ()

    @property
    def proposal(self) -> Proposal:
        """What is proposed by it: that all of it is created."""
        return Proposal(self.components, pointers=self.pointers, problems=self.problems)


def read_definition(definition: JsonObject, package: str | None = None) -> Definition:
    """Split an object's definition into the object and its fields, and note what is wrong.

    A tenant's own object gets the suffix __c; a package's keeps its name.
    """
    given = definition.get("name")
    name = given if isinstance(given, str) else ""
    full = name if package is not None else custom_name(name)
    problems = list(_object_problems(definition, full))
    full = full.replace(".", "_")[:MAX_NAME_LENGTH]
    wrong = {str(problem.at).split("/")[1] for problem in problems}
    body: dict[str, Json] = {
        key: value for key, value in definition.items() if key in _BODY and key not in wrong
    }
    if definition.get("plural_name") is not None and "plural_name" not in wrong:
        body["plural_label"] = definition["plural_name"]
    body.setdefault("label", label_of(name) or name or "Object")
    whole = Component("object", full, body, package)
    found, more = _read_fields(full, definition.get("fields", ()), package)
    return Definition(
        (whole, *(component for component, _ in found)),
        {whole.key: "", **{component.key: pointer for component, pointer in found}},
        (*problems, *more),
    )


def object_components(definition: JsonObject, package: str | None = None) -> tuple[Component, ...]:
    """Split an object's definition as read_definition does. Raises Several for a wrong shape."""
    read = read_definition(definition, package)
    if read.problems:
        raise Several(read.problems)
    return read.components


def _read_fields(
    owner: str, sent: Json, package: str | None
) -> tuple[list[tuple[Component, str]], list[Problem]]:
    """Read the fields of a definition, each with its place; doubles get names that no field has."""
    found: list[tuple[Component, str]] = []
    problems: list[Problem] = []
    if not isinstance(sent, list | tuple):
        return [], [Problem(INVALID, "fields must be a list.", "/fields", _FIELDS_HINT)]
    if len(sent) > MAX_FIELDS:
        problems.append(too_many_fields("/fields"))
    seen: set[str] = set()
    for number, field in enumerate(sent[:MAX_FIELDS]):
        pointer = f"/fields/{number}"
        problems += field_problems(field, pointer)
        if not isinstance(field, dict):
            continue
        name = field["name"] if isinstance(field.get("name"), str) else ""
        if name and fold(name) in seen:
            message = f"The field {name[:80]} stands there twice."
            hint = "Leave one of them out, or give it another name."
            problems.append(Problem("metadata.name_taken", message, f"{pointer}/name", hint))
        if not name or fold(name) in seen:
            name = f"{name}#{number}"
        seen.add(fold(name))
        found.append((field_component(owner, {**field, "name": name}, package), pointer))
    return found, problems


_FIELDS_HINT: Final = 'Write "fields": [{"name": "budget", "type": "currency"}].'


def field_component(owner: str, definition: JsonObject, package: str | None = None) -> Component:
    """Give the component of one field of an object, out of its flat definition with a name."""
    body = {key: value for key, value in definition.items() if key not in ("name", "object")}
    return Component("field", f"{owner}.{definition['name']}", {"object": owner, **body}, package)


def field_proposal(owner: str, definition: JsonObject) -> Proposal:
    """Propose a new field of an object, with what is wrong with the outer shape."""
    problems = tuple(field_problems(definition, ""))
    name = definition.get("name")
    named = {**definition, "name": name if name and isinstance(name, str) else "#"}
    made = field_component(owner, named)
    return Proposal((made,), pointers={made.key: ""}, problems=problems)


def object_change(component: Component, changes: JsonObject) -> Proposal:
    """Propose an object as it reads with some of its definition changed.

    Its name becomes a rename, and the fields have addresses of their own; null takes a key away.
    """
    problems = [*_new_name_problems(changes), *_plural_problems(changes)]
    if "fields" in changes:
        message = "Fields are changed one by one."
        hint = "Use /api/objects/{object}/fields/{field}."
        problems.append(Problem(INVALID, message, "/fields", hint))
    given = {key: value for key, value in changes.items() if key not in _NOT_IN_BODY}
    if "plural_name" in changes:
        given["plural_label"] = changes["plural_name"]
    name = changes.get("name")
    if not name or not isinstance(name, str):
        name = component.name
    elif component.package is None:
        name = custom_name(name)
    return _change(_merged(component, given), name, problems)


def field_change(component: Component, changes: JsonObject) -> Proposal:
    """Propose a field as it reads with some of its definition changed, as object_change does."""
    problems = list(_new_name_problems(changes))
    if "object" in changes:
        message = "A field stays with its object."
        problems.append(Problem(INVALID, message, "/object", "Leave object out."))
    given = {key: value for key, value in changes.items() if key not in ("name", "object")}
    owner, own = split_name(component.name)
    name = changes.get("name")
    name = name if name and isinstance(name, str) else own
    return _change(_merged(_fitting(component, given), given), f"{owner}.{name}", problems)


def _fitting(component: Component, changes: JsonObject) -> Component:
    """Give a field without the options that its new type does not have."""
    said = changes.get("type")
    try:
        known = option_names(get_field_type(said)) if isinstance(said, str) else None
    except InvalidInput:
        return component
    if known is None:
        return component
    kept = {k: v for k, v in component.body.items() if k in COMMON or k in known}
    return replace(component, body=kept)


def _change(changed: Component, name: str, problems: list[Problem]) -> Proposal:
    """Propose a change; what is renamed as well is spoken of by its new name."""
    renames = () if name == changed.name else ((changed.key, name),)
    named = replace(changed, name=name)
    return Proposal(
        upserts=(named,), renames=renames, pointers={named.key: ""}, problems=tuple(problems)
    )


_NOT_IN_BODY: Final = ("name", "plural_name", "fields")


def _new_name_problems(changes: JsonObject) -> Iterator[Problem]:
    if "name" in changes and (not changes["name"] or not isinstance(changes["name"], str)):
        hint = "Write the new name, or leave name out."
        yield Problem(INVALID, "name must be a text that is not empty.", "/name", hint)


def _merged(component: Component, changes: JsonObject) -> Component:
    body = {**component.body, **changes}
    kept = {key: value for key, value in body.items() if value is not None}
    return replace(component, body=kept)


def field_problems(definition: Json, pointer: str) -> Iterator[Problem]:
    """Yield what is wrong with the outer shape of a field's definition."""
    if not isinstance(definition, dict):
        hint = 'Write {"name": "budget", "type": "currency"}.'
        yield Problem(INVALID, "A field must be an object.", pointer, hint)
        return
    yield from _name_problems("field", definition, pointer)
    if "object" in definition:
        message = "The field belongs to the object that it stands in."
        yield Problem(INVALID, message, f"{pointer}/object", "Leave object out.")


def _name_problems(what: str, definition: JsonObject, pointer: str) -> Iterator[Problem]:
    name = definition.get("name")
    if name is not None and not isinstance(name, str):
        hint = 'Write "name": "budget".' if what == "field" else 'Write "name": "Project".'
        yield Problem(INVALID, "name must be a text.", f"{pointer}/name", hint)
    elif not name:
        hint = suggestion("name", definition.keys() - {"name"}) or "Add a name."
        yield Problem(INVALID, f"The {what} has no name.", f"{pointer}/name", hint)


def _object_problems(definition: JsonObject, full: str) -> Iterator[Problem]:
    """Yield what is wrong with the outer shape of an object's definition, but for its fields."""
    yield from _name_problems("object", definition, "")
    if full.removesuffix(CUSTOM_SUFFIX):
        yield from check_name(full)
    yield from _plural_problems(definition)
    for key in definition:
        if key not in _KNOWN:
            hint = suggestion(key, _KNOWN) or f"Known are: {', '.join(_KNOWN)}."
            yield Problem(INVALID, f"{key[:80]} is not known here.", pointer_to(key), hint)


def _plural_problems(definition: JsonObject) -> Iterator[Problem]:
    """Yield what is wrong with the plural, which has two names."""
    plural = definition.get("plural_name")
    if plural is None:
        return
    if "plural_label" in definition:
        message = "plural_name and plural_label are one thing."
        yield Problem(INVALID, message, "/plural_label", "Leave plural_label out.")
    if not isinstance(plural, str):
        hint = 'Write "plural_name": "Projects".'
        yield Problem(INVALID, "plural_name must be a text.", "/plural_name", hint)
    elif len(plural) > _LONGEST_LABEL:
        message = f"plural_name is longer than {_LONGEST_LABEL} characters."
        yield Problem(INVALID, message, "/plural_name", "Shorten it.")


def pointer_to(key: str) -> str:
    """Give the JSON pointer (RFC 6901) to a key of the outermost object."""
    return "/" + key[:80].replace("~", "~0").replace("/", "~1")


def show_field(
    field: Field, component: Component | None, catalog: Catalog, rights: Rights
) -> dict[str, Json]:
    """Give a field as a viewer sees it: its definition, and what followed from it.

    Who does not set up objects is told of no other field or object that they may not read.
    """
    declared = {k: v for k, v in component.body.items() if k != "object"} if component else {}
    described = field.type.describe(field.options)
    if not rights.may_set_up(SetupArea.OBJECTS):
        targets = list(_readable_targets(field, catalog, rights))
        declared = dict(_without_hidden(declared, field, targets, catalog, rights))
        if len(targets) < len(field.references):
            described = " \u2192 ".join([field.type.label, ", ".join(targets)][: 1 + bool(targets)])
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type.name,
        "required": field.required,
        "unique": field.unique,
        **declared,
        # A definition that says a label says it in one language, and this may be another.
        **({"label": field.label, "help": field.help} if catalog.language else {}),
        "system": field.is_system,
        "read_only": field.read_only,
        "indexed": field.slot is not None or field.is_system,
        "described": described,
        "is_masked": rights.is_masked(field.id),
    }


_WORKED_OUT: Final = (
    "formula",
    "default_formula",
    "visible_if",
    "required_if",
    "roll_up",
    "derive",
)
"""What a body says by the names of any fields and objects."""


def _without_hidden(
    declared: JsonObject, field: Field, targets: list[str], catalog: Catalog, rights: Rights
) -> Iterator[tuple[str, Json]]:
    """Yield what a body says, but for what names other fields, and objects that are not read."""
    control = declared.get("controlled_by")
    under = catalog.by_id[field.object_id].find_field(str(control)) if control else None
    controlled = under is not None and rights.may_read_field(under.id)
    for key, value in declared.items():
        if key in _WORKED_OUT or (key in ("controlled_by", "valid_for") and not controlled):
            continue
        if key == "references" and len(targets) < len(field.references):
            if targets:
                yield key, list(targets)
            continue
        yield key, value


def show_object(
    obj: ObjectDef, catalog: Catalog, components: Mapping[Key, Component], rights: Rights
) -> dict[str, Json]:
    """Give an object as a viewer sees it, with its fields and its relations in both directions."""
    fields: list[Json] = [
        show_field(
            field,
            components.get(("field", f"{obj.name}.{field.name}".lower())),
            catalog,
            rights,
        )
        for field in obj.fields
        if rights.may_show_field(field.id)
    ]
    return {
        "id": obj.name,
        "name": obj.name,
        "label": obj.label,
        "plural_name": obj.plural_label,
        "slug": obj.slug,
        "prefix": obj.prefix,
        "name_field": obj.name_field,
        "aliases": list(obj.aliases),
        "description": obj.description,
        "icon": obj.icon,
        "package": obj.package,
        "custom": obj.package is None,
        "in_navigation": obj.in_navigation,
        "sharing": str(obj.sharing),
        "about": str(obj.about),
        "holds": str(obj.holds),
        "created_at": obj.created_at.isoformat() if obj.created_at else None,
        "fields": fields,
        "relations": _relations(obj, catalog, rights),
        "record_types": list(_record_types(obj, rights)),
    }


def _relations(obj: ObjectDef, catalog: Catalog, rights: Rights) -> list[Json]:
    relations: list[Json] = [
        {
            "direction": "to",
            "name": field.name,
            "object": catalog.by_id[target].name,
            "as": written,
            "field": field.name,
            "type": field.type.name,
        }
        for field in obj.own_fields
        if rights.may_read_field(field.id)
        for target, written in _targets(field, catalog)
        if rights.may_read_object(target)
    ]
    relations += [
        {
            "direction": "from",
            "name": child.name,
            "object": child.object.name,
            "as": child.object.name,
            "field": child.field.name,
            "type": child.field.type.name,
        }
        for child in catalog.children_of(obj)
        if rights.may_read_object(child.object.id) and rights.may_read_field(child.field.id)
    ]
    return relations


def _record_types(obj: ObjectDef, rights: Rights) -> Iterator[Json]:
    """Yield the record types of an object with what they let be chosen, and whether a viewer may.

    Of fields that the viewer does not read, nothing is told.
    """
    fields = {one.id: one for one in obj.own_fields if rights.may_read_field(one.id)}
    for one in obj.record_types:
        yield {
            "id": one.key,
            "name": one.name,
            "label": one.label,
            "description": one.description,
            "is_active": one.is_active,
            "is_offered": one.is_active and rights.may_give_type(one.id),
            "is_default": one.id in rights.usual_types,
            "business_process": one.business_process,
            "compact_layout": one.compact_layout,
            "values": {
                fields[number].name: list(values)
                for number, values in one.values.items()
                if number in fields
            },
            "defaults": {
                fields[number].name: value
                for number, value in one.defaults.items()
                if number in fields
            },
        }


def _targets(field: Field, catalog: Catalog) -> Iterator[tuple[ObjectId, str]]:
    """Yield the objects that a reference may point to, each by the name its definition says."""
    written = getattr(field.options, "targets", ())
    for number, target in enumerate(field.references):
        name = written[number] if number < len(written) else catalog.by_id[target].name
        yield target, name


def _readable_targets(field: Field, catalog: Catalog, rights: Rights) -> Iterator[str]:
    """Yield the names of the objects that a reference may point to and that the viewer reads."""
    return (name for target, name in _targets(field, catalog) if rights.may_read_object(target))

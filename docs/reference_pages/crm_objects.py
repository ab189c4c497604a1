"""The page of the CRM's objects: what the shipped package declares, object by object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from fieldstone.builtin_objects.packages import CRM, shipped_package
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.options import build_options
from fieldstone.metadata.field_types.registry import get_field_type
from fieldstone.metadata.kinds.field import FieldBody, options_of, split_name, targets_of
from fieldstone.metadata.kinds.registry import ATTACH_RULE, FIELD, OBJECT, PICKLIST, RELATION
from fieldstone.metadata.names import label_of, slug_of

HEAD = """# The objects of the CRM

The CRM is a package of declarations, installed like anybody's. What follows is what it declares;
a tenant may add fields to these objects and change labels, values and rules.

Every object has, besides its own fields: `id`, `owner`, `created_at`, `created_by`, `updated_at`,
`updated_by` and `version`. An object and a field are also found by their other names, whatever
the case. **Bold** fields are required; *indexed* ones are fast to filter and sort by.
"""
FIELDS_HEAD = "| field | type | |\n| --- | --- | --- |\n"


def render() -> str:
    """Give the page: objects, objects between two others, value sets, attach rules."""
    parts = shipped_package(CRM).components
    return "\n".join(
        [
            HEAD,
            "## Objects\n",
            *(_render_object(obj, _fields_of(obj, parts)) for obj in _of(parts, OBJECT.name)),
            "## Relations\n",
            *(_render_relation(relation) for relation in _of(parts, RELATION.name)),
            "## Value sets\n",
            "| value set | values |\n| --- | --- |",
            *(_render_value_set(picklist) for picklist in _of(parts, PICKLIST.name)),
            "\n## References that fill themselves\n",
            "| rule | a record of | gets | where | equals |\n| --- | --- | --- | --- | --- |",
            *(_render_rule(rule) for rule in _of(parts, ATTACH_RULE.name)),
        ]
    )


def _of(parts: Iterable[Component], kind: str) -> list[Component]:
    return sorted((part for part in parts if part.kind == kind), key=lambda part: part.name)


def _fields_of(obj: Component, parts: Iterable[Component]) -> list[Component]:
    return [p for p in parts if p.kind == FIELD.name and split_name(p.name)[0] == obj.name]


def _render_object(obj: Component, fields: Iterable[Component]) -> str:
    body = OBJECT.read(obj)
    facts = [f"Lists at `/{body.slug_for(obj.name)}`", f"ids begin with `{body.prefix}_`"]
    if body.aliases:
        facts.append(f"also found as {_code(body.aliases)}")
    rows = "".join(_render_field(field) for field in fields)
    return f"### {obj.name}\n\n{body.description}\n{'; '.join(facts)}.\n\n{FIELDS_HEAD}{rows}"


def _render_relation(relation: Component) -> str:
    body = RELATION.read(relation)
    between, *fields = RELATION.expand(relation)
    rows = "".join(_render_field(field) for field in fields)
    return (
        f"### {between.name}\n\n{body.description}\nLists at `/{slug_of(body.plural_label)}`.\n\n"
        f"{FIELDS_HEAD}{rows}"
    )


def _render_field(field: Component) -> str:
    body, own = FIELD.read(field), split_name(field.name)[1]
    kind, facts = _type(field), " ".join(_facts(field, body, own))
    name = f"**`{own}`**" if body.required or _needs_master(field) else f"`{own}`"
    return f"| {name} | {kind} | {facts} |\n".replace("  ", " ")


def _type(field: Component) -> str:
    field_type, options = _typed(field)
    targets = targets_of(field)
    value_set = field.body.get("value_set")
    if value_set:
        return f"{field_type.label} of {value_set}"
    if targets:
        return f"{field_type.label} → " + ", ".join(f"[{t}](#{t.lower()})" for t in targets)
    return str(field_type.describe(options)).replace("|", "\\|")


def _facts(field: Component, body: FieldBody, own: str) -> Iterator[str]:
    if body.label and body.label != label_of(own):
        yield f"“{body.label}”."
    for text in (body.description, body.help):
        if text:
            yield text
    if body.aliases:
        yield f"Also {_code(body.aliases)}."
    if field.body.get("child_name"):
        yield f"The other way: `{field.body['child_name']}`."
    flags = [word for word, true in (("unique", body.unique), ("indexed", body.indexed)) if true]
    if flags:
        yield f"*{', '.join(flags).capitalize()}.*"


def _typed(field: Component) -> tuple[Any, Any]:
    field_type = get_field_type(str(field.body["type"]))
    return field_type, build_options(field_type, options_of(field.body))


def _needs_master(field: Component) -> bool:
    return bool(getattr(_typed(field)[1], "required", False))


def _render_value_set(picklist: Component) -> str:
    options = PICKLIST.read(picklist).options
    values = [option if isinstance(option, str) else option.value for option in options]
    return f"| {picklist.name} | {', '.join(values)} |"


def _render_rule(rule: Component) -> str:
    body = ATTACH_RULE.read(rule)
    return (
        f"| `{rule.name}` | {body.object} | `{body.field}` | `{body.source}` | "
        f"`{body.target}.{body.target_field}` |"
    )


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

"""Quick actions: small forms that make a record or change the one they were called from."""

from __future__ import annotations

from typing import Final

from fieldstone.integrations.salesforce.columns import Missing, field_of
from fieldstone.integrations.salesforce.elements import text_of, texts_of
from fieldstone.integrations.salesforce.formulas import rewrite
from fieldstone.integrations.salesforce.items import Item
from fieldstone.integrations.salesforce.mapped import Mapped, left_out
from fieldstone.integrations.salesforce.names import Names
from fieldstone.integrations.salesforce.own_names import own_name
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import label_of
from fieldstone.metadata.values import Json

TYPE: Final = "QuickAction"
_MAKING: Final = frozenset({"Create", "LogACall"})
_TASK: Final = "Task"


def is_form(item: Item) -> bool:
    """Tell whether an action is a form that makes or changes a record."""
    return text_of(item.xml, "type") in (*_MAKING, "Update")


def action_parts(item: Item) -> tuple[str, str]:
    """Give the object that an action belongs to, "" for none, and its own name."""
    owner, point, own = item.name.partition(".")
    return (owner, own) if point else ("", owner)


def action_named(written: str, owner: str, names: Names) -> str | None:
    """Give the name of the component of an action that a layout names; None if there is none."""
    first, point, own = written.partition(".")
    obj, called = (owner, own) if point else ("", first)
    if not names.contents.has_part(TYPE, obj, called):
        return None
    return f"{owner}.{own_name(called)}" if obj else own_name(called)


def read_quick_action(item: Item, names: Names) -> Mapped:
    """Give an action that makes or changes a record; others are code, mails or flows."""
    kind = text_of(item.xml, "type")
    if not is_form(item):
        return left_out(f"An action of the type {kind or 'that is not told'} is code or a message.")
    written, called = action_parts(item)
    owner = names.need_object(written) if written else None
    target = owner
    if kind in _MAKING:
        target = names.need_object(text_of(item.xml, "targetObject") or _TASK)
    if target is None:
        return left_out("It changes a record and belongs to no object.")
    missing, notes = Missing(), list[str]()
    body: dict[str, Json] = {
        "label": _label(item, called)[:120],
        "action": "create" if kind in _MAKING else "update",
        "fields": [*_fields(item, target, names, missing)],
        "defaults": _defaults(item, (owner or target, target), names, missing, notes),
    }
    if owner is not None:
        body["object"] = owner
    if kind in _MAKING:
        body |= {"target": target, **_reference(item, target, names, missing)}
    for tag, key, most in _TEXTS:
        if text_of(item.xml, tag):
            body[key] = text_of(item.xml, tag)[:most]
    if text_of(item.xml, "targetRecordType"):
        notes.append("The record type of what it makes is asked for.")
    own = own_name(called)
    name = own if owner is None else f"{owner}.{own}"
    made = Component("quick_action", name, body, names.package)
    return Mapped((made,), (*notes, *missing.notes()))


_TEXTS: Final = (("successMessage", "message", 255), ("description", "description", 4000))


def _reference(item: Item, target: str, names: Names, missing: Missing) -> dict[str, Json]:
    """Give the field of what is made that gets the record the action was called from."""
    parent = text_of(item.xml, "targetParentField")
    found = field_of(names, target, parent) if parent else None
    if parent and found is None:
        missing.add(parent)
    return {} if found is None else {"reference": found.name}


def _label(item: Item, called: str) -> str:
    return text_of(item.xml, "label") or label_of(text_of(item.xml, "standardLabel") or called)


def _fields(item: Item, target: str, names: Names, missing: Missing) -> dict[str, None]:
    found: dict[str, None] = {}
    for one in item.xml.iter("quickActionLayoutItems"):
        for written in texts_of(one, "field"):
            known = field_of(names, target, written)
            if known is None:
                missing.add(written)
            else:
                found[known.name] = None
    return found


def _defaults(
    item: Item, ends: tuple[str, str], names: Names, missing: Missing, notes: list[str]
) -> dict[str, Json]:
    """Give what fields get at first. ends: where the action is called, and what it is about."""
    owner, target = ends
    found: dict[str, Json] = {}
    for one in item.xml.iterfind("fieldOverrides"):
        written = text_of(one, "field")
        known = field_of(names, target, written)
        literal, formula = text_of(one, "literalValue"), text_of(one, "formula")
        if known is None:
            missing.add(written)
        elif formula:
            told = rewrite(formula, owner, names)
            found[known.name] = told.text
            notes.extend(told.notes)
        elif literal:
            found[known.name] = _as_formula(literal, known.type)
    return found


def _as_formula(literal: str, kind: str) -> str:
    if kind == "checkbox":
        return literal.upper()
    if kind in ("number", "currency", "percent"):
        return literal
    return '"' + literal.replace("\\", "\\\\").replace('"', '\\"') + '"'

"""Forms that make and change what is calculated: formula fields, roll-ups, defaults, rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Catalog, ObjectDef, RollUp, RollUpFunction
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.definitions import field_change, field_proposal
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.names import slug_of
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.check import check
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.record_scope import RecordScope
from fieldstone.query_language.formula.rule_scope import RuleScope
from fieldstone.query_language.formula.summed import children_summed, field_summed
from fieldstone.query_language.formula.typed import Typed
from fieldstone.ui_generator.picklist_lines import choices_as_text, choices_typed
from fieldstone.ui_generator.sketch import name_of_field
from fieldstone.ui_generator.unmoved import mark_of

FORMULA: Final = "formula"
ROLL_UP: Final = "roll_up"
FIELD: Final = "field"
RULE: Final = "rule"
NEW: Final = "new"
MAX_TEXT: Final = 20_000

TYPES: Final = {
    Kind.TEXT: "text",
    Kind.CHOICE: "text",
    Kind.ID: "text",
    Kind.NOTHING: "text",
    Kind.NUMBER: "number",
    Kind.CURRENCY: "currency",
    Kind.PERCENT: "percent",
    Kind.BOOLEAN: "checkbox",
    Kind.DATE: "date",
    Kind.DATETIME: "datetime",
    Kind.TIME: "time",
}
"""The type that a field has by itself whose formula gives a kind."""

FORMULAS: Final = {
    FORMULA: {"formula": "Formula"},
    ROLL_UP: {"where": "Only those where"},
    FIELD: {
        "default_formula": "Default",
        "visible_if": "Shown if",
        "required_if": "Required if",
    },
    RULE: {"condition": "Refuse a record if"},
}
"""The inputs of each form that hold formulas, with their labels."""


@dataclass(frozen=True, slots=True)
class Editing:
    """What a form is about. mode: what is calculated. component: None for what is to be made."""

    mode: str
    object: ObjectDef
    component: Component | None = None

    @property
    def is_new(self) -> bool:
        """Whether it is to be made."""
        return self.component is None

    @property
    def name(self) -> str:
        """Its own name, "new" for what is to be made."""
        return NEW if self.component is None else split_name(self.component.name)[1]

    @property
    def seen(self) -> str:
        """What tells whether it is still as it was when the form was opened."""
        return mark_of(None if self.component is None else self.component.body)

    @property
    def address(self) -> str:
        """Where its form is."""
        what = self.mode if self.is_new or self.mode == RULE else FIELD
        return f"/admin/objects/{self.object.name}/{what}/{self.name}"


Texts = Mapping[str, str]
"""What somebody typed, by the names of inputs."""


def editing_field(obj: ObjectDef, component: Component) -> Editing:
    """Give what the form of a field is about: what it is calculated by, if it is."""
    body = component.body
    mode = FORMULA if body.get("formula") else ROLL_UP if body.get("roll_up") else FIELD
    return Editing(mode, obj, component)


def texts_of(editing: Editing) -> dict[str, str]:
    """Give what the inputs of a form show before anything is typed."""
    if editing.component is None:
        return {"function": "count", "active": "yes"} if editing.mode != FORMULA else {}
    body = editing.component.body
    texts = {key: str(value) for key, value in body.items() if isinstance(value, str | int)}
    texts.setdefault("label", split_name(editing.component.name)[1].replace("_", " ").capitalize())
    said = body.get("roll_up")
    if isinstance(said, Mapping):
        texts |= {key: str(value) for key, value in said.items() if value is not None}
        texts["summed"] = texts.pop("field", "")
    if isinstance(options := body.get("options"), list):
        texts["options"] = choices_as_text(options)
    texts["required"] = "yes" if body.get("required") is True else "no"
    texts["active"] = "no" if body.get("active") is False else "yes"
    texts["name"] = editing.name
    return texts


def proposal_of(editing: Editing, typed: Texts, catalog: Catalog, rights: Rights) -> Proposal:
    """Give what is proposed by what somebody typed."""
    if editing.mode == RULE:
        return _rule_proposal(editing, typed)
    changes = _field_changes(editing, typed, catalog, rights)
    if editing.component is not None:
        return field_change(editing.component, changes)
    said = {key: value for key, value in changes.items() if value not in (None, "")}
    name = name_of_field(typed.get("label", ""))
    return field_proposal(editing.object.name, {"name": name, **said})


def _field_changes(
    editing: Editing, typed: Texts, catalog: Catalog, rights: Rights
) -> dict[str, Json]:
    changes: dict[str, Json] = {"label": typed.get("label") or None}
    if editing.mode == FIELD:
        texts: dict[str, Json] = {key: typed.get(key) or None for key in ("help", *FORMULAS[FIELD])}
        return changes | texts | _plain_changes(editing, typed)
    changes["help"] = typed.get("help") or None
    changes["type"] = typed.get("type") or _type_by_itself(editing, typed, catalog, rights)
    places = typed.get("places", "")
    if changes["type"] in ("number", "currency", "percent"):
        changes["places"] = int(places) if places.isdigit() and len(places) < 3 else None
    elif "places" in (editing.component.body if editing.component else {}):
        changes["places"] = None
    if editing.mode == FORMULA:
        changes["blanks_as"] = "blank" if typed.get("blanks_as") == "blank" else None
        return changes | {"formula": typed.get("formula", "")}
    return changes | {"roll_up": _roll_up(typed)}


def _plain_changes(editing: Editing, typed: Texts) -> dict[str, Json]:
    """Give what the form of a field that is typed in says beside its texts."""
    body = editing.component.body if editing.component else {}
    changes: dict[str, Json] = {"required": typed.get("required") == "yes" or None}
    if isinstance(body.get("options"), list) and "options" in typed:
        changes["options"] = choices_typed(typed["options"], body["options"])
    return changes


def _roll_up(typed: Texts) -> dict[str, Json]:
    said: dict[str, Json] = {
        "children": typed.get("children", ""),
        "function": typed.get("function", "count"),
    }
    if typed.get("summed") and said["function"] != "count":
        said["field"] = typed["summed"]
    if typed.get("where"):
        said["where"] = typed["where"]
    return said


def _rule_proposal(editing: Editing, typed: Texts) -> Proposal:
    owner = editing.object.name
    body: dict[str, Json] = {
        "object": owner,
        "condition": typed.get("condition", ""),
        "message": typed.get("message", ""),
        "active": typed.get("active") == "yes",
    }
    if typed.get("field"):
        body["field"] = typed["field"]
    old = editing.component
    if old is None:
        name = slug_of(typed.get("name", "")) or "rule"
        made = Component("validation_rule", f"{owner}.{name}", body)
        return Proposal(creates=(made,), pointers={made.key: ""})
    kept = {key: old.body[key] for key in ("description",) if key in old.body}
    made = Component(old.kind, old.name, {**kept, **body}, old.package)
    return Proposal(upserts=(made,), pointers={made.key: ""})


def _type_by_itself(editing: Editing, typed: Texts, catalog: Catalog, rights: Rights) -> str:
    """Give the type that follows from what is calculated; of what is wrong, one that says so."""
    try:
        if editing.mode == ROLL_UP:
            return _type_of_roll_up(editing.object, typed, catalog)
        found = expression_of(editing, "formula", typed, catalog, rights)
    except FieldstoneError:
        return "text" if editing.mode == FORMULA else "number"
    return TYPES.get(found.shape.kind, "text")


def _type_of_roll_up(obj: ObjectDef, typed: Texts, catalog: Catalog) -> str:
    said = _roll_up(typed)
    try:
        function = RollUpFunction(str(said["function"]))
    except ValueError:
        return "number"
    field = said.get("field")
    roll_up = RollUp(str(said["children"]), function, None if field is None else str(field))
    summed = field_summed(roll_up, children_summed(roll_up, obj, catalog).object)
    return "number" if summed is None else summed.type.name


def expression_of(
    editing: Editing, key: str, typed: Texts, catalog: Catalog, rights: Rights
) -> Typed:
    """Give the checked formula of an input, as whoever types it may read fields.

    Raises the errors of parse_formula and check.
    """
    blanks_as_zero = key == "formula" and typed.get("blanks_as") != "blank"
    scope = RecordScope(catalog, editing.object, rights, blanks_as_zero=blanks_as_zero)
    is_condition = key in ("condition", "visible_if", "required_if")
    tree = parse_formula(typed.get(key, ""))
    return check(tree, RuleScope(scope) if is_condition else scope)


@dataclass(frozen=True, slots=True)
class Marked:
    """A line of a formula with a part of it marked; start, end: where in the whole text."""

    before: str
    marked: str
    behind: str
    start: int
    end: int


def mark(text: str, problem: Problem) -> Marked | None:
    """Give the line of a text in which a problem lies; None for one that has no place."""
    place = problem.details or {}
    line, column, length = (place.get(key) for key in ("line", "column", "length"))
    lines = text.split("\n")
    if not (isinstance(line, int) and isinstance(column, int) and isinstance(length, int)):
        return None
    if not 1 <= line <= len(lines):
        return None
    here = lines[line - 1]
    begin = min(column - 1, len(here))
    end = min(begin + length, len(here))
    start = sum(len(one) + 1 for one in lines[: line - 1]) + begin
    return Marked(here[:begin], here[begin:end], here[end:], start, start + end - begin)

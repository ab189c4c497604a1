"""Formulas and roll-ups follow renames: the names that mean what is renamed are written anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from fieldstone.errors import FieldstoneError, JsonPlace, Span
from fieldstone.metadata.catalog import (
    Catalog,
    ChildRelation,
    Field,
    ObjectDef,
    RollUp,
    RollUpFunction,
)
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.names import slug_of
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.metadata.values import Json, JsonObject, fold, read_json
from fieldstone.query_language.formula.held_values import CUSTOM_METADATA, METADATA_RECORD
from fieldstone.query_language.formula.object_fields import FIELD_PLACE, OF_OBJECTS
from fieldstone.query_language.formula.outside import SETTINGS
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.record_scope import USER_OBJECT
from fieldstone.query_language.formula.summed import children_summed
from fieldstone.query_language.json_form import filter_from_json, is_json_filter, read_filter
from fieldstone.query_language.relations import TARGET_SIGN, relation_of, target_named, targets_of
from fieldstone.query_language.syntax import (
    And,
    Call,
    Comparison,
    Condition,
    Expression,
    Membership,
    Not,
    Operand,
    Operation,
    Or,
    Path,
)

_Change = tuple[Component, str]
_OF_HELD: Final = (*SETTINGS, CUSTOM_METADATA)
_RECORD_PATH: Final = ("$CustomMetadata", "type", "record", "field")
_POINT: Final = re.compile(r"(\s*\.\s*)")


@dataclass(frozen=True, slots=True)
class FormulaRenames:
    """What the names in formulas mean before a change. catalog: as it was."""

    catalog: Catalog

    def renamed(self, text: str, owner: str, target: Component, name: str) -> str:
        """Give a formula over the records of owner as it reads once target is called name.

        A formula that cannot be read stays as it is; the change tells what is wrong with it.
        """
        obj = self.catalog.find_object(owner)
        if obj is None:
            return text
        try:
            paths = list(_paths(parse_formula(text)))
        except FieldstoneError:
            return text
        return self._rewritten(text, paths, obj, (target, name))

    def renamed_roll_up(
        self, said: JsonObject, owner: str, target: Component, name: str
    ) -> JsonObject:
        """Give the roll_up of a field of owner as it reads once target is called name."""
        obj = self.catalog.find_object(owner)
        if obj is None:
            return said
        where, field = _json_or_text(said.get("where")), said.get("field")
        children = RollUp(str(said["children"]), RollUpFunction.COUNT)
        try:
            relation = children_summed(children, obj, self.catalog)
            paths = list(_paths_of(_condition_of(where))) if where is not None else []
        except FieldstoneError:
            return said
        child, change = relation.object, (target, name)
        found = {**said, "children": self._children(children.children, relation, change)}
        if isinstance(field, str) and self._is(child.find_field(field), target):
            found["field"] = split_name(name)[1] or name
        if isinstance(where, dict):
            found["where"] = self._rewritten_json(where, paths, child, change)
        elif isinstance(where, str):
            found["where"] = self._rewritten(where, paths, child, change)
        return found

    def renamed_condition(self, said: Json, owner: str, target: Component, name: str) -> Json:
        """Give a condition over the records of owner, in words or JSON, as it reads after it."""
        obj = self.catalog.find_object(owner)
        if obj is None:
            return said
        try:
            paths = list(_paths_of(_condition_of(_json_or_text(said))))
        except FieldstoneError:
            return said
        if isinstance(said, str):
            return self._rewritten(said, paths, obj, (target, name))
        return self._rewritten_json(said, paths, obj, (target, name))

    def _children(self, written: str, relation: ChildRelation, change: _Change) -> str:
        """Give the name of a child relation, by its reference if a rename would take it away."""
        target, name = change
        child, reference = relation.object, relation.field
        renamed = [self._is(one, target) for one in (child, reference)]
        stays = relation.name == (reference.child_name or slug_of(child.plural_label))
        if not any(renamed) or ("." not in written and stays):
            return written
        new = split_name(name)[1] or name
        ends = (child.name, reference.name)
        return ".".join(new if is_it else end for end, is_it in zip(ends, renamed, strict=True))

    def _rewritten(self, text: str, paths: Iterable[Path], obj: ObjectDef, change: _Change) -> str:
        """Give a text over the records of obj in which the paths mean what they meant."""
        target, name = change
        new = split_name(name)[1] or name
        for path in sorted(paths, key=lambda one: (one.span.line, one.span.column), reverse=True):
            if target.kind == "setting":
                text = _with_setting(text, path, target, name)
                continue
            if target.kind == METADATA_RECORD:
                text = self._with_record(text, path, target, new)
                continue
            meant = self._meant(path, obj)
            places = [n for n, one in enumerate(meant) if self._is(one, target)]
            text = _rewritten(text, path.span, places, new)
        return text

    def _rewritten_json(
        self, said: Json, paths: Iterable[Path], obj: ObjectDef, change: _Change
    ) -> Json:
        """Give JSON over the records of obj in which the paths mean what they meant."""
        target, name = change
        new = split_name(name)[1] or name
        for path in paths:
            assert isinstance(path.span, JsonPlace)
            if not any(self._is(one, target) for one in self._meant(path, obj)):
                continue
            meant = zip(path.names, self._meant(path, obj), strict=True)
            names = [new if self._is(one, target) else written for written, one in meant]
            said = _with_value_at(said, path.span.pointer.split("/")[1:], ".".join(names))
        return said

    def _meant(self, path: Path, obj: ObjectDef) -> Iterator[Field | ObjectDef | None]:
        """Yield what each name of a path means."""
        names = list(path.names)
        if fold(names[0]) in OF_OBJECTS and len(names) > 1:
            yield from self._of_an_object(names)
            return
        at: ObjectDef | None = obj
        if fold(names[0]) in _OF_HELD and len(names) > 2:
            yield from self._of_held(names)
            return
        if names[0].startswith("$"):
            yield None
            at = self.catalog.find_object(USER_OBJECT)
            names.pop(0)
        elif len(names) > 1 and relation_of(obj, names[0], ADMINISTRATOR) is None:
            own = self.catalog.find_object(names[0])
            if own is obj:
                yield own
                names.pop(0)
        for place, one in enumerate(names, 1):
            is_last = place == len(names)
            found = None
            if at is not None:
                step = None if is_last else relation_of(at, one, ADMINISTRATOR)
                found = step or at.find_field(one)
                targets = [] if step is None else targets_of(step, self.catalog, ADMINISTRATOR)
                named = target_named(one, targets, self.catalog)
                at = named or (targets[0] if len(targets) == 1 else None)
            yield found

    def _of_an_object(self, names: list[str]) -> Iterator[Field | ObjectDef | None]:
        """Yield what the names of $ObjectType.Region.Fields.manager mean."""
        found = self.catalog.find_object(names[1])
        yield from (None, found)
        for place, name in enumerate(names[2:], 2):
            yield found.find_field(name) if found is not None and place == FIELD_PLACE else None

    def _of_held(self, names: list[str]) -> Iterator[Field | ObjectDef | None]:
        """Yield what the names of $Setup.Limits.discount and of metadata mean."""
        found = self.catalog.find_object(names[1])
        yield from (None, found, *(None for _ in names[3:]))
        yield found.find_field(names[-1]) if found is not None else None

    def _with_record(self, text: str, path: Path, target: Component, new: str) -> str:
        """Give a text in which a path to a record of metadata has its new name."""
        owner, own = split_name(target.name)
        if fold(path.names[0]) != CUSTOM_METADATA or len(path.names) != len(_RECORD_PATH):
            return text
        obj = self.catalog.find_object(path.names[1])
        is_it = obj is self.catalog.find_object(owner) and fold(path.names[2]) == fold(own)
        return _rewritten(text, path.span, [2] if is_it else [], new)

    def _is(self, meant: Field | ObjectDef | None, target: Component) -> bool:
        if isinstance(meant, Field):
            owner = self.catalog.by_id[meant.object_id].name
            return target.key == ("field", fold(f"{owner}.{meant.name}"))
        return meant is not None and target.key == ("object", fold(meant.name))


def _with_setting(text: str, path: Path, target: Component, name: str) -> str:
    """Give a text in which a path to a setting is one to what it is going to be called."""
    root, *names = path.names
    if fold(root) not in SETTINGS or fold(".".join(names)) != fold(target.name):
        return text
    begin = _begin_of(text, path.span)
    written = text[begin : begin + path.span.length]
    root, point, *_ = _POINT.split(written)
    return text[:begin] + root + point + name + text[begin + path.span.length :]


def _begin_of(text: str, span: Span) -> int:
    lines = text.split("\n")
    return sum(len(line) + 1 for line in lines[: span.line - 1]) + span.column - 1


def _rewritten(text: str, span: Span, places: list[int], name: str) -> str:
    """Give a text in which some of the names of a dotted path are another one."""
    if not places:
        return text
    begin = _begin_of(text, span)
    parts = _POINT.split(text[begin : begin + span.length])
    for place in places:
        _, sign, target = parts[2 * place].partition(TARGET_SIGN)
        parts[2 * place] = f"{name}{sign}{target}"
    return text[:begin] + "".join(parts) + text[begin + span.length :]


def _json_or_text(where: Json) -> Json:
    """Give a filter as JSON where it came as the text of that."""
    try:
        return read_json(where) if isinstance(where, str) and is_json_filter(where) else where
    except msgspec.DecodeError:
        return where


def _condition_of(where: Json) -> Condition:
    return read_filter(where) if isinstance(where, str) else filter_from_json(where)


def _with_value_at(said: Json, keys: Sequence[str], value: Json) -> Json:
    """Give JSON with another value at a place that is there."""
    if not keys:
        return value
    first, *rest = keys
    if isinstance(said, Mapping):
        return {**said, first: _with_value_at(said[first], rest, value)}
    assert isinstance(said, list | tuple)
    place = int(first)
    return [*said[:place], _with_value_at(said[place], rest, value), *said[place + 1 :]]


def _paths_of(condition: Condition) -> Iterator[Path]:
    """Yield the paths of a condition of the query language."""
    match condition:
        case Comparison(left, _, right):
            for side in (left, right):
                yield from _paths(side) if isinstance(side, Operand) else ()
        case Membership(left):
            yield from _paths(left)
        case Not(inner):
            yield from _paths_of(inner)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _paths_of(part)


def _paths(expression: Expression) -> Iterator[Path]:
    match expression:
        case Path():
            yield expression
        case Call(_, parts) | Operation(_, parts):
            for part in parts:
                yield from _paths(part)
        case _:
            return

"""Formulas follow renames: the names that mean a renamed field or object are written anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import FieldstoneError, Span
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.record_scope import USER_OBJECT
from fieldstone.query_language.relations import relation_of, targets_of
from fieldstone.query_language.syntax import Call, Expression, Operation, Path

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
        new = split_name(name)[1] or name
        for path in sorted(paths, key=lambda one: (one.span.line, one.span.column), reverse=True):
            meant = self._meant(path, obj)
            places = [n for n, one in enumerate(meant) if self._is(one, target)]
            text = _rewritten(text, path.span, places, new)
        return text

    def _meant(self, path: Path, obj: ObjectDef) -> Iterator[Field | ObjectDef | None]:
        """Yield what each name of a path means."""
        names = list(path.names)
        at: ObjectDef | None = obj
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
                at = targets[0] if len(targets) == 1 else None
            yield found

    def _is(self, meant: Field | ObjectDef | None, target: Component) -> bool:
        if isinstance(meant, Field):
            owner = self.catalog.by_id[meant.object_id].name
            return target.key == ("field", fold(f"{owner}.{meant.name}"))
        return meant is not None and target.key == ("object", fold(meant.name))


def _rewritten(text: str, span: Span, places: list[int], name: str) -> str:
    """Give a text in which some of the names of a dotted path are another one."""
    if not places:
        return text
    lines = text.split("\n")
    begin = sum(len(line) + 1 for line in lines[: span.line - 1]) + span.column - 1
    parts = _POINT.split(text[begin : begin + span.length])
    for place in places:
        parts[2 * place] = name
    return text[:begin] + "".join(parts) + text[begin + span.length :]


def _paths(expression: Expression) -> Iterator[Path]:
    match expression:
        case Path():
            yield expression
        case Call(_, parts) | Operation(_, parts):
            for part in parts:
                yield from _paths(part)
        case _:
            return

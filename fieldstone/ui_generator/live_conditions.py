"""What a page needs to work out conditions while somebody types (static/js/conditions.js).

A condition goes along as JSON in which all that the page cannot change is a constant already: the
viewer, the moment, parents. No value goes along that the viewer may not read. What cannot be worked
out in a browser is left out, and the page asks the server as soon as something changes that the
condition reads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.record_types import RECORD_TYPE
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.browser_form import (
    Node,
    browser_form,
    constant_node,
    json_of,
    read_node,
)
from fieldstone.query_language.formula.record_scope import FieldPath, size_of
from fieldstone.query_language.formula.rule_scope import Changed, Prior
from fieldstone.query_language.formula.typed import Read, Typed
from fieldstone.runtime.records.conditions import FieldConditions, Judged, fields_read
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.forms import RecordForm, ValueField

_WIDGETS: Final = frozenset({"line", "choice", "choices", "check", "decimal", "date", "record"})
"""Those whose inputs a page reads as the server does."""
_MOST_PARTS: Final = 1_000


class _OnlyHere(Exception):
    """Something in a condition that only the server can work out."""


def live_conditions(tx: Transaction, form: RecordForm, judged: Judged, record: str) -> str:
    """Give the JSON by which a page works out the conditions of its form; "" if there are none.

    record: the id of the record, or "new".
    """
    if not judged.conditions or judged.typed is None or judged.kept is None:
        return ""
    live = _Live(tx, {one.of: one for one in form.inputs()}, judged, is_new=record == "new")
    fields = [live.told(one) for one in judged.conditions]
    inputs = {of.name: live.input(of) for of in live.read}
    typed = f"?{RECORD_TYPE}={next(iter(form.beside.values()))}" if form.beside else ""
    told = {"ask": f"/admin/{form.object.name}/{record}/conditions{typed}"}
    return json.dumps({**told, "fields": fields, "inputs": inputs}, separators=(",", ":"))


@dataclass(slots=True)
class _Live:
    """Puts together what a page needs. read: the fields whose inputs it reads."""

    tx: Transaction
    inputs: dict[Field, ValueField]
    judged: Judged
    is_new: bool
    read: dict[Field, None] = field(default_factory=dict)

    def told(self, one: FieldConditions) -> dict[str, Json]:
        """Give the conditions of a field; it stands behind those that its own read."""
        always = self.inputs[one.field].demanded if one.field in self.inputs else False
        found: dict[str, Json] = {"name": one.field.name, "always": one.field.required or always}
        for key, condition in (("visible", one.visible), ("required", one.required)):
            if condition is not None:
                found[key] = self._condition(condition)
        return found

    def input(self, of: Field) -> dict[str, Json]:
        """Give how the input of a field is read, and what it holds before anything is typed."""
        assert self.judged.typed is not None
        assert self.judged.kept is not None
        found: dict[str, Json] = {}
        if self._is_live(of):
            path = FieldPath((), of)
            found = {
                "widget": self.inputs[of].look.name,
                "kind": path.calculation.kind.value,
                "shown": json_of(self.judged.typed(path)),
                "kept": json_of(self.judged.kept(path)),
            }
            places = getattr(of.options, "places", None)
            found |= {} if places is None else {"places": places}
        return found

    def _condition(self, condition: Typed) -> dict[str, Json]:
        """Give a condition, the inputs that it reads, and those that must stay as they are."""
        reads = list(dict.fromkeys(self._inputs_read(condition)))
        self.read |= dict.fromkeys(reads)
        names: list[Json] = [of.name for of in reads]
        fixed: set[str] = set()
        try:
            if size_of(condition) > _MOST_PARTS:
                raise _OnlyHere
            tree = browser_form(condition, lambda read: self._node(read, fixed))
        except _OnlyHere:
            return {"reads": names}
        return {"reads": names, "fixed": list[Json](sorted(fixed)), "tree": tree}

    def _inputs_read(self, condition: Typed) -> Iterator[Field]:
        for of in fields_read(condition):
            owner = self.tx.catalog.by_id[of.object_id]
            sources = of.derivation.fields if of.derivation else ()
            yield from (one for one in (of, *map(owner.get_field, sources)) if one in self.inputs)

    def _node(self, read: Read, fixed: set[str]) -> Node:
        """Give what stands for a read. fixed: gets the inputs on which a constant hangs."""
        source = read.source
        if isinstance(source, Prior) and self.is_new:
            source = source.path
        match source:
            case FieldPath() as path:
                self._check_readable(path)
                if path.of_user:
                    return self._constant(read)
                if path.steps:
                    fixed |= {path.steps[0].name} if path.steps[0].whole in self.inputs else set()
                    return self._constant(read)
                return self._own(path, read)
            case Prior(path):
                self._check_readable(path)
                return self._constant(read)
            case Changed() if not self.is_new:
                raise _OnlyHere
            case _:
                return self._constant(read)

    def _own(self, path: FieldPath, read: Read) -> Node:
        of = path.field
        if of.derivation is not None or (self.is_new and of.default_formula is not None):
            # It follows from other inputs when the form is sent, whatever stands in its own.
            raise _OnlyHere
        if of in self.inputs:
            if path.part is not None or not self._is_live(of):
                raise _OnlyHere
            return read_node(of.name, read.shape.kind)
        return self._constant(read)

    def _constant(self, read: Read) -> Node:
        assert self.judged.typed is not None
        value: Value = self.judged.typed(read.source)
        return constant_node(value, read.shape.kind)

    def _check_readable(self, path: FieldPath) -> None:
        """Refuse to send what the viewer may not read. Raises _OnlyHere."""
        rights = self.tx.rights
        for of in (*path.steps, path.field):
            if not rights.may_read_object(of.object_id) or not rights.may_read_field(of.id):
                raise _OnlyHere

    def _is_live(self, of: Field) -> bool:
        return self.inputs[of].look.name in _WIDGETS and of.type.calculation is not None

"""A metadata change, worked out before anything is touched: from components to a plan.

Every surface comes this way: /api/objects, packages, the command line and the pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.errors import Problem, Several
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange, Operation
from fieldstone.metadata.field_types.registry import get_field_type
from fieldstone.metadata.graph import find_cycles
from fieldstone.metadata.kinds.field import (
    MAX_FIELDS,
    SYSTEM_NAMES,
    names_claimed,
    split_name,
)
from fieldstone.metadata.kinds.registry import FIELD, RELATION, get_kind
from fieldstone.metadata.renames import renamed
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.storage import StorageDesk
from fieldstone.metadata.values import fold

Key = tuple[str, str]
_Fields = dict[str, list[tuple[Component, frozenset[str]]]]
NEEDED: Final = "metadata.still_needed"
UNKNOWN: Final = "metadata.unknown_reference"


@dataclass(frozen=True, slots=True)
class MetadataPlan:
    """What would be written, in an order in which each step stands on the ones before."""

    changes: tuple[ComponentChange, ...]

    def count(self, operation: Operation, kind: str) -> int:
        """Count the changes of one sort."""
        return sum(
            1
            for change in self.changes
            if change.operation == operation
            and (change.after or change.before or _NOTHING).kind == kind
        )


_NOTHING: Final = Component("", "", {})


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is asked for. creates must not be there yet, upserts may; both are whole components.

    renames go from a key to a new name.

    removals and restores are keys; whatever hangs on a removed object (its fields, the object
    between of a relation) goes with it.
    """

    creates: tuple[Component, ...] = ()
    upserts: tuple[Component, ...] = ()
    removals: tuple[Key, ...] = ()
    restores: tuple[Key, ...] = ()
    renames: tuple[tuple[Key, str], ...] = ()


def plan_changes(rows: Sequence[StoredComponent], proposal: Proposal) -> MetadataPlan:
    """Work out a plan, or say everything that is wrong with the proposal at once.

    rows: all stored components of the tenant, those in the bin included. Raises Several.
    """
    draft = _Draft(rows)
    for key in proposal.removals:
        draft.remove(key)
    for key in proposal.restores:
        draft.restore(key)
    for key, name in proposal.renames:
        draft.rename(key, name)
    for component in _expanded(proposal.creates):
        draft.create(component)
    for component in _expanded(proposal.upserts):
        draft.upsert(component)
    problems = list(draft.problems())
    if problems:
        raise Several(problems)
    return draft.plan()


def _expanded(components: Iterable[Component]) -> Iterator[Component]:
    for component in components:
        yield component
        if component.kind == RELATION.name and not list(RELATION.problems(component)):
            yield from RELATION.expand(component)


class _Draft:
    """The components as they would be, and how each came to be so."""

    def __init__(self, rows: Sequence[StoredComponent]) -> None:
        self._live = {row.component.key: row for row in rows if row.deleted_at is None}
        # What is being purged has lost some of its records already and cannot come back.
        binned = (row for row in rows if row.deleted_at and not row.storage.get("purging"))
        self._binned = {row.component.key: row for row in binned}
        self._after: dict[Key, Component] = {k: row.component for k, row in self._live.items()}
        self._origin: dict[Key, StoredComponent] = dict(self._live)
        self._restored: set[Key] = set()
        self._removed: dict[Key, StoredComponent] = {}
        self._proposed: list[Component] = []
        self._early: list[Problem] = []
        self._clashes: list[tuple[Component, Problem]] = []
        self._desk = StorageDesk(rows)

    def remove(self, key: Key) -> None:
        """Take a component out, with all that hangs on it."""
        for gone in (key, *self._hanging_on(key)):
            if gone in self._after:
                del self._after[gone]
                self._removed[gone] = self._origin.pop(gone)

    def restore(self, key: Key) -> None:
        """Bring a component back from the bin, with what went there together with it."""
        row = self._binned.get(key)
        if row is None:
            self._early.append(Problem(UNKNOWN, f"{key[1]} is not in the bin.", "/name"))
            return
        together = [
            other
            for other in self._binned.values()
            if other.deleted_at == row.deleted_at and _belongs_to(other.component, row.component)
        ]
        for back in (row, *together):
            if back.component.key in self._after:
                message = f"There is another {back.component.name} by now."
                self._early.append(Problem("metadata.name_taken", message, "/name"))
                continue
            self._after[back.component.key] = back.component
            self._origin[back.component.key] = back
            self._restored.add(back.component.key)
            self._proposed.append(back.component)

    def rename(self, key: Key, name: str) -> None:
        """Give a component another name; whoever names it follows."""
        old = self._after.get(key)
        if old is None:
            self._early.append(Problem(UNKNOWN, f"There is no {key[1]}.", "/name"))
            return
        scope = Scope(self._after.values())
        followed = {k: renamed(c, old, name, scope) for k, c in self._after.items()}
        taken: dict[Key, Component] = {}
        for before_key, component in followed.items():
            if component.key in taken:
                message = f"There is a {component.name} already."
                self._early.append(Problem("metadata.name_taken", message, "/name"))
            taken[component.key] = component
            if before_key in self._origin:
                self._origin[component.key] = self._origin[before_key]
            if component.key != before_key:
                self._origin.pop(before_key, None)
        self._after = taken
        self._proposed.append(replace(old, name=name))

    def create(self, component: Component) -> None:
        """Put a component in where there is none of its key."""
        taken = component.key in self._after
        self.upsert(component)
        if taken:
            message = f"There is a {component.kind} {component.name} already."
            problem = Problem("metadata.name_taken", message, "/name", "Change it instead.")
            self._clashes.append((component, problem))

    def upsert(self, component: Component) -> None:
        """Put a component in, in the place of one with its key."""
        self._after[component.key] = component
        self._proposed.append(component)

    def problems(self) -> Iterator[Problem]:
        """Yield all that is wrong: shapes first, the rest only where the shapes are right."""
        yield from self._early
        for component, clash in self._clashes:
            yield self._placed(component, clash)
        shaped = not self._clashes
        for component in self._proposed:
            for problem in get_kind(component.kind).problems(component):
                shaped = False
                yield self._placed(component, problem)
        if not shaped or self._early:
            return
        scope, fields = Scope(self._after.values()), self._fields_by_owner()
        for component in self._proposed:
            current = scope.find(component.kind, component.name)
            if current is not None:
                for problem in self._deep_problems(current, scope):
                    yield self._placed(component, problem)
                if current.kind == FIELD.name:
                    for problem in self._field_problems(current, fields):
                        yield self._placed(component, problem)
        yield from self._orphans(scope)
        yield from find_cycles(self._after.values())

    def _deep_problems(self, component: Component, scope: Scope) -> Iterator[Problem]:
        kind = get_kind(component.kind)
        yield from kind.check(component, scope)
        for needed_kind, name in kind.depends_on(component):
            if scope.find(needed_kind, name) is None and not _is_system_field(needed_kind, name):
                what = name.replace(".", " has no field ") if needed_kind == "field" else name
                message = (
                    f"{what}." if needed_kind == "field" else f"There is no {needed_kind} {what}."
                )
                yield Problem(UNKNOWN, message, "/references" if kind is FIELD else "")

    def _fields_by_owner(self) -> _Fields:
        """Give the fields of each object, each with the spellings by which it is found."""
        found: _Fields = {}
        for component in self._after.values():
            if component.kind == FIELD.name:
                claimed = component, frozenset(names_claimed(component))
                found.setdefault(_owner_of(component), []).append(claimed)
        return found

    def _field_problems(self, component: Component, fields: _Fields) -> Iterator[Problem]:
        siblings = fields[_owner_of(component)]
        if len(siblings) > MAX_FIELDS:
            yield Problem("metadata.too_many", f"An object has at most {MAX_FIELDS} fields.", "")
        mine = frozenset(names_claimed(component))
        for other, claimed in siblings:
            if other.key != component.key and mine & claimed:
                message = f"{split_name(other.name)[1]} goes by that name already."
                yield Problem("metadata.name_taken", message, "/name")
        before = self._live.get(component.key)
        if before is not None and _type_of(before.component) != _type_of(component):
            yield Problem(
                "metadata.type_change",
                f"{component.name} holds values of type {_type_of(before.component)}.",
                "/type",
                "Add a field of the new type and move the values.",
            )

    def _orphans(self, scope: Scope) -> Iterator[Problem]:
        """Yield who still needs what is removed."""
        if not self._removed:
            return
        for component in self._after.values():
            for kind, name in get_kind(component.kind).needs(component):
                if scope.find(kind, name) is None and not _is_system_field(kind, name):
                    message = f"{component.kind.capitalize()} {component.name} still needs {name}."
                    yield Problem(NEEDED, message, "", f"Remove or change {component.name} first.")

    def _placed(self, component: Component, problem: Problem) -> Problem:
        """Say where in the proposal a problem is: the field's number where it is one of many."""
        if component.kind != FIELD.name or len(self._proposed) == 1:
            return problem
        fields = [other for other in self._proposed if other.kind == FIELD.name]
        return problem.below(f"/fields/{fields.index(component)}")

    def plan(self) -> MetadataPlan:
        """Give the changes. Those that change nothing are left out."""
        changes: list[ComponentChange] = [
            ComponentChange("remove", row.id, row.component, None, row.storage)
            for row in self._removed.values()
            if row.component.key not in self._after
        ]
        for component in sorted(self._after.values(), key=lambda c: (c.kind != "object",)):
            change = self._change(component)
            if change is not None:
                changes.append(change)
        return MetadataPlan(tuple(self._desk.assign(changes)))

    def _change(self, component: Component) -> ComponentChange | None:
        origin = self._origin.get(component.key)
        if origin is None:
            return ComponentChange("create", 0, None, component, {})
        if component.key in self._restored:
            return ComponentChange(
                "restore", origin.id, origin.component, component, origin.storage
            )
        if component == origin.component:
            return None
        return ComponentChange("change", origin.id, origin.component, component, origin.storage)

    def _hanging_on(self, key: Key) -> list[Key]:
        owner = self._after.get(key)
        if owner is None:
            return []
        direct = [k for k, other in self._after.items() if _belongs_to(other, owner)]
        below = [k for d in direct if self._after[d].kind == "object" for k in self._hanging_on(d)]
        return [*direct, *below]


def _belongs_to(component: Component, owner: Component) -> bool:
    """Tell whether a component is a field of an object, or the object between of a relation."""
    if owner.kind == "object":
        part = component.kind == FIELD.name
        return part and fold(split_name(component.name)[0]) == fold(owner.name)
    return (
        owner.kind == RELATION.name
        and component.kind == "object"
        and fold(component.name) == fold(owner.name)
    )


def _owner_of(field: Component) -> str:
    return fold(split_name(field.name)[0])


def _is_system_field(kind: str, name: str) -> bool:
    return kind == FIELD.name and fold(split_name(name)[1]) in SYSTEM_NAMES


def _type_of(component: Component) -> str:
    return get_field_type(str(component.body["type"])).name

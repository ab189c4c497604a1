"""A metadata change, worked out before anything is touched: from components to a plan.

Every surface comes this way: /api/objects, packages, the command line and the pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from fieldstone.errors import Problem, Several
from fieldstone.metadata.binned import following, owner_of
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange, Operation
from fieldstone.metadata.conversions import Instruction
from fieldstone.metadata.encrypted_bodies import encryption_change
from fieldstone.metadata.grants import without
from fieldstone.metadata.graph import circles_in
from fieldstone.metadata.held_fields import held_fields
from fieldstone.metadata.kept_components import kept_problems, protected_problems
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import (
    FIELD,
    OBJECT,
    OWNED,
    PERMISSION_SET,
    RECORD_TYPE,
    RELATION,
    get_kind,
)
from fieldstone.metadata.moved_values import (
    Remainder,
    conversion_problems,
    is_remainder,
    moved_fields,
    refusal,
)
from fieldstone.metadata.named_places import FormulaNames
from fieldstone.metadata.named_places import without as without_names
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.open_references import without_targets
from fieldstone.metadata.plan_checks import (
    NAME_TAKEN,
    UNKNOWN,
    FieldNames,
    deep_problems,
    orphans,
    stood_in,
)
from fieldstone.metadata.renames import renamed
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.storage import StorageDesk
from fieldstone.metadata.values import fold

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MetadataPlan:
    """What would be written, in an order in which each step stands on the ones before.

    following: what lies in the bin and is called otherwise from then on, after its object.
    remainders: what the fields leave whose values become others. conversions: how, by the ids of
    these fields.
    """

    changes: tuple[ComponentChange, ...]
    following: tuple[StoredComponent, ...] = ()
    remainders: tuple[Remainder, ...] = ()
    conversions: Mapping[int, Instruction] = field(default_factory=dict)

    def count(self, operation: Operation, kind: str) -> int:
        """Count the changes of one sort."""
        return sum(
            1
            for change in self.changes
            if change.operation == operation
            and (change.after or change.before or _NOTHING).kind == kind
        )


_NOTHING: Final = Component("", "", {})
_GRANTED: Final = (OBJECT.name, FIELD.name, RECORD_TYPE.name)
"""The kinds that permission sets name."""


@dataclass(frozen=True, slots=True)
class Revert:
    """A component, by its id, as it shall be again. after: None for one that shall be gone."""

    id: int
    before: Component
    after: Component | None

    @property
    def sides(self) -> tuple[Component, ...]:
        """The component as it is and, unless it shall be gone, as it shall be."""
        return (self.before,) if self.after is None else (self.before, self.after)


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is asked for. creates must not be there yet, upserts may; both are whole components.

    renames go from a key to a new name.

    removals and restores are keys; whatever hangs on a removed object (its fields, the object
    between of a relation) goes with it. reverts: what shall be as it was, names included.

    conversions: what becomes of values, by the fields whose types or options change.

    pointers: where in what the caller sent a component stands, by its key; "" where it is the
    whole. problems: what was found wrong while that was read, told together with the rest.
    packaging: whether packages come or go by it, which nothing else may say. is_whole: whether
    what relations stand for is said as well, as far as it is meant. job: the one for which new
    keys of its fields are reserved, under which it has written their values.
    """

    creates: tuple[Component, ...] = ()
    upserts: tuple[Component, ...] = ()
    removals: tuple[Key, ...] = ()
    restores: tuple[Key, ...] = ()
    renames: tuple[tuple[Key, str], ...] = ()
    reverts: tuple[Revert, ...] = ()
    conversions: Mapping[Key, Instruction] = field(default_factory=dict)
    pointers: Mapping[Key, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    packaging: bool = False
    is_whole: bool = False
    job: int | None = None

    @property
    def keys(self) -> frozenset[Key]:
        """The components that it is about."""
        made = (one.key for one in (*self.creates, *self.upserts))
        renamed = (key for key, _ in self.renames)
        back = (one.key for revert in self.reverts for one in revert.sides)
        return frozenset((*made, *self.removals, *self.restores, *renamed, *back))


def plan_changes(
    rows: Sequence[StoredComponent], proposal: Proposal, formulas: FormulaNames | None = None
) -> MetadataPlan:
    """Work out a plan, or say everything that is wrong with the proposal at once.

    rows: all stored components of the tenant, those in the bin included. formulas: lets formulas
    follow renames. Raises Several.
    """
    _check_kept(rows, proposal)
    draft = _Draft(rows, proposal, formulas)
    for key in proposal.removals:
        draft.take_out(key)
    for key in proposal.restores:
        draft.restore(key)
    for key, name in proposal.renames:
        draft.rename(key, name)
    draft.revert(proposal.reverts)
    said = tuple if proposal.is_whole else expanded
    for component in said(proposal.creates):
        draft.create(component)
    for component in said(proposal.upserts):
        draft.upsert(component)
    draft.let_go()
    draft.imply()
    told = {problem.at for problem in proposal.problems}
    found = [problem for problem in draft.problems() if problem.at not in told]
    if proposal.problems or found:
        raise Several((*proposal.problems, *found))
    return draft.plan()


def _check_kept(rows: Sequence[StoredComponent], proposal: Proposal) -> None:
    """Refuse to say by hand what comes of other deeds. Raises Several."""
    if proposal.packaging:
        return
    back = {one.key for revert in proposal.reverts for one in revert.sides}
    wrong = list(kept_problems(proposal.keys - back, proposal.pointers))
    if not proposal.is_whole:
        others = {*proposal.removals, *(key for key, _ in proposal.renames)}
        wrong += protected_problems(rows, proposal.upserts, others, proposal.pointers)
    if wrong:
        raise Several(wrong)


def expanded(components: Sequence[Component]) -> Iterator[Component]:
    """Yield components with what relations stand for, but for what is said of that itself."""
    said = {component.key for component in components}
    for component in components:
        yield component
        if component.kind == RELATION.name and not list(RELATION.problems(component)):
            yield from (one for one in RELATION.expand(component) if one.key not in said)


class _Draft:
    """The components as they would be, and how each came to be so."""

    def __init__(
        self,
        rows: Sequence[StoredComponent],
        proposal: Proposal,
        formulas: FormulaNames | None,
    ) -> None:
        self._stored = rows
        self._pointers = proposal.pointers
        self._said = proposal.conversions
        self._job = proposal.job
        self._formulas = formulas
        # What is being purged has lost some of its records already and cannot come back.
        self._rows = {row.id: row for row in rows if not row.storage.get("purging")}
        self._live = {row.component.key: row for row in rows if row.deleted_at is None}
        binned = (row for row in self._rows.values() if row.deleted_at and not is_remainder(row))
        self._binned = {row.component.key: row for row in binned}
        self._after: dict[Key, Component] = {k: row.component for k, row in self._live.items()}
        self._origin: dict[Key, StoredComponent] = dict(self._live)
        self._restored: set[Key] = set()
        self._removed: dict[Key, StoredComponent] = {}
        self._reverted = False
        self._proposed: list[Component] = []
        self._early: list[Problem] = []
        self._clashes: dict[Key, Problem] = {}
        self._desk = StorageDesk(rows)

    def remove(self, key: Key) -> None:
        """Take a component out, with all that hangs on it."""
        for gone in (key, *self._hanging_on(key)):
            if gone in self._after:
                del self._after[gone]
                self._removed[gone] = self._origin.pop(gone)

    def let_go(self) -> None:
        """Take what is gone out of the bodies that can do without, but for what is proposed."""
        gone = [row.component for key, row in self._removed.items() if key not in self._after]
        if not gone:
            return
        proposed = {one.key for one in self._proposed}
        scope = Scope(row.component for row in self._live.values())
        for key, component in self._after.items():
            if key not in proposed:
                kept = without_names(component, get_kind(component.kind).places, gone, scope)
                self._after[key] = without_targets(kept, gone, scope)

    def take_out(self, key: Key) -> None:
        """Take a component out, or say that there is none."""
        if key not in self._after and key not in self._removed:
            names = (one.name for one in self._after.values() if one.kind == key[0])
            hint = suggestion(key[1], names)
            self._early.append(Problem(UNKNOWN, f"There is no {key[1]}.", "/name", hint))
        self.remove(key)

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
            if back.component.key in self._restored:
                continue  # It came along with another one.
            if back.component.key in self._after:
                self._early.append(_another(back.component))
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
        followed = {k: renamed(c, old, name, scope, self._formulas) for k, c in self._after.items()}
        taken: dict[Key, Component] = {}
        for before_key, component in followed.items():
            if component.key in taken:
                message = f"There is a {component.name} already."
                hint = "Choose another name."
                self._early.append(Problem(NAME_TAKEN, message, "/name", hint))
            taken[component.key] = component
            if before_key in self._origin:
                self._origin[component.key] = self._origin[before_key]
            if component.key != before_key:
                self._origin.pop(before_key, None)
        self._after = taken
        self._proposed.append(replace(old, name=name))

    def revert(self, reverts: Sequence[Revert]) -> None:
        """Put components back to what they were, those in the bin included."""
        back: list[tuple[StoredComponent, Component]] = []
        self._reverted = bool(reverts)
        for one in reverts:
            row = self._rows.get(one.id)
            if row is None:
                message = f"{one.before.name} was purged and cannot come back."
                self._early.append(Problem(UNKNOWN, message, "/name"))
            elif one.after is None:
                self.remove(row.component.key)
            else:
                back.append((row, one.after))
        for row, _ in back:
            key = row.component.key
            # One from the bin may have the name of another one that is there now.
            if key in self._origin and self._origin[key].id == row.id:
                del self._after[key], self._origin[key]
        for row, component in back:
            if component.key in self._after:
                self._early.append(_another(component))
                continue
            self._after[component.key] = component
            self._origin[component.key] = row
            self._proposed.append(component)
            if row.deleted_at is not None:
                self._restored.add(component.key)

    def create(self, component: Component) -> None:
        """Put a component in where there is none of its key."""
        if component.key in self._after:
            message = f"There is a {component.kind} {component.name} already."
            problem = Problem(NAME_TAKEN, message, "/name", "Change it instead.")
            self._clashes[component.key] = self._placed(component, problem)
        self.upsert(component)

    def upsert(self, component: Component) -> None:
        """Put a component in, in the place of one with its key."""
        self._after[component.key] = component
        self._proposed.append(component)

    def imply(self) -> None:
        """Give the proposed objects the fields that they have because of what they hold."""
        held = [one for one in self._proposed if one.kind == OBJECT.name and one.body.get("holds")]
        if not held:
            return
        names = FieldNames(self._after.values())
        for obj in held:
            for implied in held_fields(obj, partial(names.has, obj.name)):
                self.upsert(implied)

    def problems(self) -> Iterator[Problem]:
        """Yield all that is wrong.

        What is misshapen is stood in for by what is right of it, so that all the rest is checked.
        """
        yield from self._early
        if self._early:
            return
        yield from self._of_others()
        yield from (p for key, p in self._clashes.items() if not self._owner_clashes(key))
        for number, component in enumerate(self._proposed):
            for problem in self._shape_problems(number, component):
                yield self._placed(component, problem)
        scope = Scope(self._after.values())
        names = FieldNames(self._after.values())
        for component in self._proposed:
            for problem in self._among_others(component, scope, names):
                yield self._placed(component, problem)
        moved = moved_fields(self._after, self._origin, self._said)
        for key, problem in conversion_problems(moved, self._said, scope, self._job, self._origin):
            yield self._placed(self._after[key], problem) if key in self._after else problem
        yield from names.too_many(self._proposed)
        if self._removed or self._reverted:
            yield from orphans(scope)
        yield from circles_in(scope)

    def _of_others(self) -> Iterator[Problem]:
        """Yield what would come back to another object than its own, which has its name by now."""
        for key in sorted(self._restored):
            row = self._origin.get(key)
            if row is None or key[0] not in OWNED:
                continue
            named = (OBJECT.name, fold(split_name(key[1])[0]))
            owner, now = owner_of(self._stored, row), self._origin.get(named)
            is_its_own = owner is not None and now is not None and owner.id == now.id
            if named in self._after and not is_its_own:
                name = row.component.name
                message = f"{name} belonged to another object than the one of that name now."
                yield Problem(UNKNOWN, message, "/name", "Make it anew.")

    def _owner_clashes(self, key: Key) -> bool:
        kind, name = key
        return kind == FIELD.name and ("object", split_name(name)[0]) in self._clashes

    def _shape_problems(self, number: int, component: Component) -> Sequence[Problem]:
        """Give what is wrong with the shape of a component, and put a right one in its place."""
        origin = self._origin.get(component.key)
        if origin is not None and component.key not in self._clashes:
            changed = refusal(origin.component, component, self._stored, origin)
            changed = changed or encryption_change(origin.component, component)
            if changed is not None:
                # Its options are those of another type: there is no use in checking them.
                self._proposed[number] = self._after[component.key] = origin.component
                return (changed,)
        wrong = tuple(get_kind(component.kind).problems(component))
        if wrong:
            right = stood_in(component, wrong)
            self._proposed[number] = self._after[component.key] = right
        return wrong

    def _among_others(
        self, component: Component, scope: Scope, names: FieldNames
    ) -> Iterator[Problem]:
        """Yield what is wrong with a well-shaped component among all others."""
        current = self._after.get(component.key)
        if current is None:
            return
        clashes = component.key in self._clashes or self._owner_clashes(component.key)
        for problem in deep_problems(current, scope):
            if not (clashes and problem.at == "/name"):
                yield problem
        if current.kind == FIELD.name and not clashes:
            yield from names.problems(current)

    def _placed(self, component: Component, problem: Problem) -> Problem:
        """Say where in what the caller sent a problem is."""
        pointer = self._pointers.get(component.key)
        return problem.below(pointer) if pointer else problem

    def plan(self) -> MetadataPlan:
        """Give the changes. Those that change nothing are left out."""
        self._forget_grants()
        staying = {row.id for row in self._origin.values()}
        changes: list[ComponentChange] = [
            ComponentChange("remove", row.id, row.component, None, row.storage)
            for row in self._removed.values()
            if row.id not in staying
        ]
        for component in sorted(self._after.values(), key=lambda c: (c.kind != "object",)):
            change = self._change(component)
            if change is not None:
                changes.append(change)
        moved = moved_fields(self._after, self._origin, self._said)
        said = {origin.id: self._said.get(one.key) for one, origin in moved}
        done, remainders = self._desk.assign(changes, said)
        return MetadataPlan(
            done,
            tuple(following(self._stored, done)),
            remainders,
            {number: one or Instruction() for number, one in said.items()},
        )

    def _forget_grants(self) -> None:
        """Let permission sets say nothing of what is made anew under a name that was free.

        Those of the proposal itself do mean it.
        """
        made = [one for key, one in self._after.items() if key not in self._origin]
        anew = [one for one in made if one.kind in _GRANTED]
        proposed = {one.key for one in self._proposed}
        for key, grants in self._after.items():
            if anew and grants.kind == PERMISSION_SET.name and key not in proposed:
                self._after[key] = without(grants, anew)

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


def _another(component: Component) -> Problem:
    message = f"There is another {component.name} by now."
    return Problem(NAME_TAKEN, message, "/name", "Rename or remove that one first.")


def _belongs_to(component: Component, owner: Component) -> bool:
    """Tell whether a component is a field of an object, or the object between of a relation."""
    if owner.kind == "object":
        part = component.kind in OWNED
        return part and fold(split_name(component.name)[0]) == fold(owner.name)
    return (
        owner.kind == RELATION.name
        and component.kind == "object"
        and fold(component.name) == fold(owner.name)
    )

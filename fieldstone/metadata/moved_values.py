"""Fields whose values become others: they get a new key, and what they were stays under the old.

A key never changes its meaning. What was there before stays in the record under the old key for as
long as the bin keeps things, held by a component in the bin that nobody sees: a remainder. By it a
conversion can be undone to the letter, and the purge, the archives and whoever erases a person find
the old values as they find those of any deleted field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import InvalidInput, Problem
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.conversions import (
    EARLIER,
    NUMBERS,
    TEXTS,
    Instruction,
    can_become,
    earlier_in,
    points,
    types_after,
)
from fieldstone.metadata.encrypted_bodies import is_encrypted
from fieldstone.metadata.field_types.registry import get_field_type
from fieldstone.metadata.kinds.field import CALCULATED_BY, split_name
from fieldstone.metadata.kinds.registry import ATTACH_RULE, FIELD, OBJECT, get_kind
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.slots import SlotKind
from fieldstone.metadata.values import Json, JsonObject, fold

Key = tuple[str, str]
TYPE_CHANGE: Final = "metadata.type_change"
REMAINDER_OF: Final = "remainder_of"
"""What a remainder's storage names the field under whose values it holds as they were."""

RESERVED: Final = "converting"
"""What a field's storage names the key and slot under which a job writes its values to be."""

_SLOT_MARKS: Final = {"slot_job", "slot_filling", "slot_emptying", "purging"}
_MOVE_MARK: Final = "move"
_OBJECT_MARKS: Final = {_MOVE_MARK, "index_job"}
_SAME_JSON: Final = ((TEXTS | {"picklist", "auto_number"}) - {"rich_text"}, NUMBERS)


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a conversion leaves: the field as it was, and where its values lie."""

    component: Component
    storage: Mapping[str, Json]


def is_remainder(row: StoredComponent) -> bool:
    """Tell whether a component only holds the values that a field had before a conversion."""
    return REMAINDER_OF in row.storage


def type_name(component: Component) -> str | None:
    """Give the name of the type of a field; None where it names one that there is not."""
    said = component.body.get("type")
    try:
        return get_field_type(said).name if isinstance(said, str) else None
    except InvalidInput:
        return None


def is_calculated(component: Component) -> bool:
    """Tell whether the value of a field is worked out when it is asked for."""
    return any(component.body.get(key) is not None for key in CALCULATED_BY)


def moved_fields(
    after: Mapping[Key, Component],
    origin: Mapping[Key, StoredComponent],
    said: Mapping[Key, Instruction],
) -> tuple[tuple[Component, StoredComponent], ...]:
    """Give the fields whose values become others, each with what it was.

    after: the components as they would be; origin: what each was before; said: what the caller says
    of values.
    """
    found = []
    for key, component in after.items():
        row = origin.get(key)
        if row is None or row.deleted_at is not None or component == row.component:
            continue
        if moves_values(row.component, component, said.get(key)):
            found.append((component, row))
    return tuple(found)


def conversion_problems(
    moved: Sequence[tuple[Component, StoredComponent]],
    said: Mapping[Key, Instruction],
    scope: Scope,
    job: int | None,
    origin: Mapping[Key, StoredComponent],
) -> Iterator[tuple[Key, Problem]]:
    """Yield why values cannot become others, and what is said of values that stay.

    job: the one that has written them already, if one has. origin: what each component was before.
    """
    for component, row in moved:
        owner = origin.get((OBJECT.name, fold(split_name(component.name)[0])))
        problem = _busy(row, job) or _moving(owner, job)
        if problem is not None:
            yield component.key, problem
        if type_name(row.component) != type_name(component):
            for one in _bound_problems(row.component, component, scope):
                yield component.key, one
    for key in said.keys() - {component.key for component, _ in moved}:
        message = f"{key[1]} is no field whose values become others."
        yield key, Problem("metadata.invalid", message, "/convert", "Leave it out.")


def moves_values(before: Component, after: Component, instruction: Instruction | None) -> bool:
    """Tell whether a change of a component makes other values of those that records have."""
    if before.kind != FIELD.name or is_calculated(before) or is_calculated(after):
        return False
    return instruction is not None or type_name(before) != type_name(after)


def moved_storage(
    change: ComponentChange, instruction: Instruction | None
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Give the storage of a field that has no key yet, and that of its remainder."""
    before, after = change.before, change.after
    assert before is not None
    assert after is not None
    old, new = str(type_name(before)), str(type_name(after))
    mine = ("key", "slot", EARLIER, RESERVED)
    kept: dict[str, Json] = {k: v for k, v in change.storage.items() if k not in mine}
    entry: JsonObject = {
        "key": change.storage["key"],
        "type": old,
        "alike": old == new or any(old in one and new in one for one in _SAME_JSON),
        **(instruction or Instruction()).as_json(),
    }
    said = change.storage.get(EARLIER, ())
    assert isinstance(said, list | tuple)
    rest: dict[str, Json] = {k: change.storage[k] for k in mine[:2] if k in change.storage}
    return {**kept, EARLIER: [*said, entry]}, {**rest, REMAINDER_OF: change.id}


def reserved(storage: Mapping[str, Json]) -> dict[str, Json] | None:
    """Give the key and slot that a field's storage reserves for its values to be; None for none."""
    mark = storage.get(RESERVED)
    if not isinstance(mark, Mapping):
        return None
    return {name: mark[name] for name in ("key", "slot") if name in mark}


def refusal(
    before: Component, after: Component, rows: Sequence[StoredComponent], row: StoredComponent
) -> Problem | None:
    """Give why the values of a field cannot become those of its new type; None if they can.

    A type that there is not is for the check of shapes to tell.
    """
    if before.kind != FIELD.name:
        return None
    old, new = type_name(before), type_name(after)
    if new is None or old is None or new == old or (is_calculated(before) and is_calculated(after)):
        return None
    own = split_name(after.name)[1]
    why = _why_not(before, after, row)
    if why is None and (can_become(old, new) or _was(row, rows, new)):
        return None
    others = ", ".join(types_after(old)) if why is None else ""
    message = why or f"{own} holds values of type {old}, which cannot become {new}."
    hint = f"Add a field of type {new}, copy the values into it, and delete {own}."
    return Problem(TYPE_CHANGE, message, "/type", f"It may become {others}." if others else hint)


def _why_not(before: Component, after: Component, row: StoredComponent) -> str | None:
    own = split_name(after.name)[1]
    if is_calculated(before) or is_calculated(after):
        return f"{own} cannot become calculated, or stored, and of another type at once."
    if is_encrypted(before) or is_encrypted(after):
        return f"{own} is encrypted, and its values cannot be read to become others."
    if row.deleted_at is not None:
        return f"{own} lies in the bin, and its type cannot be changed while it comes back."
    return None


def _was(row: StoredComponent, rows: Sequence[StoredComponent], new: str) -> bool:
    """Tell whether the values of a field were of a type last, and are there to be put back."""
    last = earlier_in(row.storage)[-1:]
    return any(
        one.type == new
        and any(
            other.storage.get("key") == one.key and other.storage.get(REMAINDER_OF) == row.id
            for other in rows
        )
        for one in last
    )


def _busy(row: StoredComponent, job: int | None) -> Problem | None:
    """Give the problem that another job is at work on a field's values; None if none is."""
    mark = row.storage.get(RESERVED)
    is_converted = isinstance(mark, Mapping) and mark.get("job") != job
    if not is_converted and not _SLOT_MARKS & set(row.storage):
        return None
    what = "values" if is_converted else "slots"
    message = f"A job is at work on the {what} of {row.component.name}."
    return Problem("storage.busy", message, "/type", "Wait until it has ended.")


def _moving(owner: StoredComponent | None, job: int | None) -> Problem | None:
    """Give the problem that an object's records are on their way; None if they stay.

    Conversions raise no version and write no log, by which a move tells what it has to copy again.
    """
    # A job has waited long: an index that was begun meanwhile must not make it give up.
    marks = _OBJECT_MARKS if job is None else {_MOVE_MARK}
    if owner is None or not marks & set(owner.storage):
        return None
    message = f"A job is at work on the records of {owner.component.name}."
    return Problem("storage.busy", message, "/type", "Wait until it has ended.")


def _bound_problems(before: Component, after: Component, scope: Scope) -> Iterator[Problem]:
    """Yield who leans on the values of a field whose type changes: what follows from them."""
    owner, own = split_name(after.name)
    for component in scope:
        if component.kind in (ATTACH_RULE.name, FIELD.name) and component is not after:
            needed = get_kind(component.kind).needs(component)
            if any(kind == FIELD.name and scope.find(kind, name) is after for kind, name in needed):
                yield _bound(f"{component.name} follows from {own} as it is.")
    found = scope.find(OBJECT.name, owner)
    if found is not None and found.body.get("junction") and points(str(type_name(before))):
        yield _bound(f"{owner} joins records by {own}.")
    if found is not None and found.body.get("holds") == "metadata":
        yield _bound(f"The records of {owner} are declared, with values of that type.")
    names = fold(str((found.body if found else {}).get("name_field", "name"))) == fold(own)
    is_line = get_field_type(str(after.body["type"])).slot is SlotKind.TEXT
    if names and not is_line:
        yield _bound(f"{own} names the records of {owner}, and must be a line of text.")


def _bound(message: str) -> Problem:
    return Problem(TYPE_CHANGE, message, "/type", "Change that first.")

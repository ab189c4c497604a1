"""Values that a package adds to picklists of others: its own part of somebody else's value set.

They are noted with what it ships. What was removed here since stays away when the package comes
again; and they go with it, but for those that records hold or that were changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.changes import Key
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.kinds.registry import FIELD, PICKLIST
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.change_impact import Impact, Severity, load_held
from fieldstone.runtime.conversion.moving import sees_all
from fieldstone.runtime.packages.shipped import ADDED_VALUES, Shipment, load_added
from fieldstone.runtime.transactions import Transaction

_OPTIONS: Final = "options"
_TOLD: Final = 20
Added = Mapping[int, Component]
"""What a package added to components of others, by their ids, as load_added gives it."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Lists of others without what packages added to them. kept: what stays there, and why."""

    components: tuple[Component, ...]
    kept: tuple[Impact, ...]


def without_removed(
    added: Iterable[Component], rows: Sequence[StoredComponent], noted: Added
) -> tuple[Component, ...]:
    """Give lists that get more values without those that were removed here since they came."""
    there = _live(rows)
    return tuple(_without_removed(one, there.get(one.key), noted) for one in added)


def with_added(
    shipment: Shipment,
    added: Iterable[Component],
    rows: Sequence[StoredComponent],
    noted: Added,
) -> Shipment:
    """Note beside what a package ships what it adds to lists of others. noted: what it did before.

    rows: as they are before.
    """
    there = _live(rows)
    parts: dict[Key, dict[str, Json]] = {}
    for row in there.values():
        if row.id in noted:
            parts[row.component.key] = _options(noted[row.id])
    for one in added:
        if one.key in there:
            had = _options(there[one.key].component)
            new = {text: said for text, said in _options(one).items() if text not in had}
            parts[one.key] = parts.get(one.key, {}) | new
    told = (
        (Component(ADDED_VALUES, key[1], {_OPTIONS: list(values.values())}), key, None)
        for key, values in parts.items()
        if values
    )
    return replace(shipment, parts=(*shipment.parts, *told))


async def withdraw(
    tx: Transaction,
    packages: Collection[str],
    rows: Sequence[StoredComponent],
    gone: Collection[Key],
) -> Withdrawal:
    """Give the lists of others without what packages added, once these go. gone: what goes."""
    left: dict[Key, Component] = {}
    kept: list[Impact] = []
    live = {row.id: row for row in rows if row.deleted_at is None}
    for package in packages:
        for number, one in (await load_added(tx, package)).items():
            row = live.get(number)
            if row is None or row.component.key in gone:
                continue
            held = left.get(row.component.key, row.component)
            noted, there = _options(one), _options(held)
            mine = {text for text, said in noted.items() if there.get(text) == said}
            used = await _used(tx, row, mine)
            free = mine - used.keys()
            if len(free) == len(there):
                free = set()
            if free:
                options = [said for text, said in there.items() if text not in free]
                left[row.component.key] = replace(held, body={**held.body, _OPTIONS: options})
            stays = {text: said for text, said in there.items() if text in noted.keys() - free}
            kept += _kept(row.component, stays, used)
    return Withdrawal(tuple(left.values()), tuple(kept))


def _kept(host: Component, stays: Mapping[str, Json], used: Mapping[str, int]) -> Iterator[Impact]:
    if stays:
        told = {_value_of(said): used.get(text, 0) for text, said in stays.items()}
        names = ", ".join(list(told)[:_TOLD])
        yield Impact(
            Severity.NOTE,
            f"{ADDED_VALUES}:{host.name}",
            sum(told.values()),
            f"Values that it added to {host.name} stay, since they are used or changed: {names}.",
            samples=tuple({"value": one, "records": n} for one, n in list(told.items())[:_TOLD]),
        )


async def _used(tx: Transaction, row: StoredComponent, values: set[str]) -> dict[str, int]:
    """Give which of some values records hold, and how many; all where nobody can tell."""
    found: dict[str, int] = {}
    for obj, field in _drawing_on(tx, row) if values else ():
        if field.encryption is not None or field.mask is not None or not sees_all(tx, obj, field):
            return dict.fromkeys(values, 0)
        held, is_cut = await load_held(tx, obj, field)
        if is_cut:
            return dict.fromkeys(values, 0)
        for one in held:
            several = one.value if isinstance(one.value, list | tuple) else [one.value]
            for text in {fold(str(each)) for each in several} & values:
                found[text] = found.get(text, 0) + one.records
    return found


def _drawing_on(tx: Transaction, row: StoredComponent) -> Iterator[tuple[ObjectDef, Field]]:
    """Yield the fields whose values come from a list: itself, or those that share it."""
    name = fold(row.component.name)
    for obj in tx.catalog.objects:
        for field in obj.own_fields:
            shared = getattr(field.options, "value_set", None)
            is_own = row.component.kind == FIELD.name and field.id == row.id
            if is_own or (row.component.kind == PICKLIST.name and fold(shared or "") == name):
                yield obj, field


def _without_removed(one: Component, row: StoredComponent | None, noted: Added) -> Component:
    if row is None or row.id not in noted:
        return one
    there, before = _options(row.component), _options(noted[row.id])
    options = [said for text, said in _options(one).items() if text in there or text not in before]
    return replace(one, body={**one.body, _OPTIONS: options})


def _live(rows: Iterable[StoredComponent]) -> dict[Key, StoredComponent]:
    return {row.component.key: row for row in rows if row.deleted_at is None}


def _options(one: Component) -> dict[str, Json]:
    """Give what a list offers by the values, folded."""
    said = one.body.get(_OPTIONS)
    if not isinstance(said, list | tuple):
        return {}
    return {fold(_value_of(option)): option for option in said}


def _value_of(option: Json) -> str:
    return str(option["value"]) if isinstance(option, Mapping) else str(option)

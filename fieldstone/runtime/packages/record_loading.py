"""Records that packages bring are made once, with what they refer to.

What is there already stays as it is. What a package brought before and somebody deleted here since
stays away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final, TypeGuard

from fieldstone.errors import Problem, Several
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.packages import BadPackage
from fieldstone.metadata.record_names import LocalRecords
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.runtime.encryption.sealing import unique_key
from fieldstone.runtime.making_order import in_order_of_making
from fieldstone.runtime.packages.brought import DIGEST, Brought, load_known, note_brought
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.records.checks import is_unique
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import Incoming, incoming_of, load, write
from fieldstone.runtime.transactions import Transaction

_AT_ONCE: Final = 500
Keys = dict[tuple[str, str], str]
"""Ids of records by the full name of a field and the value there, or by object and name."""


@dataclass(frozen=True, slots=True)
class _One:
    """A record of a file. place: where in that. known: as a key of Keys. noted: how it is noted."""

    place: str
    known: tuple[str, str]
    noted: str
    record: Mapping[str, Any]


async def load_records(
    tx: Transaction, package: str, sets: Sequence[LocalRecords], change: int | None
) -> int:
    """Make the records that are not there yet, with what they refer to, all or none; how many.

    tx must have been opened for writing, and its catalog be the one that the package made. change:
    the one with which they come; None if nothing else changes. Raises Several with the place of
    every problem.
    """
    if not sets:
        return 0
    loading = _Loading(tx, await load_known(tx, package))
    by_object: dict[ObjectDef, list[LocalRecords]] = {}
    for one in sets:
        by_object.setdefault(tx.catalog.get_object(one.records.object), []).append(one)
    ordered = in_order_of_making(tuple(by_object))
    for obj in ordered:
        await loading.find(obj, by_object[obj])
    for obj in ordered:
        await loading.make(obj, by_object[obj])
    for obj in ordered:
        await loading.point(obj)
    return await loading.note(package, change)


def check_records(tx: Transaction, sets: Iterable[LocalRecords]) -> None:
    """Refuse records that could not be made under the catalog of tx, as far as values tell.

    Raises Several with the place of every problem.
    """
    problems: list[Problem] = []
    seen: set[tuple[str, str]] = set()
    for one in sets:
        obj = tx.catalog.get_object(one.records.object)
        _check_key(one, obj)
        for each in _records(one, obj):
            if each.known in seen:
                message = f"Another record has this {one.records.key} as well."
                at = f"{each.place}/{one.records.key}"
                problems.append(Problem(BadPackage.code, message, at))
            seen.add(each.known)
            values = {
                name: value
                for name, value in each.record.items()
                if not _is_reference(obj, name, value)
            }
            found = incoming_of(read_values(obj, values, tx.rights)).problems
            found += tuple(_misled(tx.catalog, obj, each.record))
            problems += [problem.below(each.place) for problem in found]
    if problems:
        raise Several(problems)


@dataclass(slots=True)
class _Loading:
    """Loads the records of a package, and remembers what refers to those that come later.

    before: what it brought earlier, by object and by how that is noted.
    """

    tx: Transaction
    before: Mapping[tuple[int, str], RecordId]
    _ids: Keys = field(default_factory=dict)
    _asked: set[tuple[str, str]] = field(default_factory=set)
    """Keys of _ids that were looked for, so that nobody looks twice for what is not there."""

    _later: dict[int, list[tuple[RecordId, Mapping[str, Any]]]] = field(default_factory=dict)
    _made: dict[ObjectDef, dict[RecordId, str]] = field(default_factory=dict)

    async def find(self, obj: ObjectDef, sets: Sequence[LocalRecords]) -> None:
        """Find what is there already, by its key or because this package brought it."""
        for one in sets:
            _check_key(one, obj)
            if one.records.key is not None:
                key = obj.get_field(one.records.key)
                values = [str(record[one.records.key]) for record in one.records.records]
                await self._known(f"{obj.name}.{key.name}", values)
        noted = [
            (each.known, self.before[obj.id, each.noted])
            for one in sets
            for each in _records(one, obj)
            if each.known not in self._ids and (obj.id, each.noted) in self.before
        ]
        for start in range(0, len(noted), _AT_ONCE):
            some = noted[start : start + _AT_ONCE]
            live = await load(self.tx, obj, [number for _, number in some])
            self._ids |= {k: format_id(obj.prefix, n) for k, n in some if n in live}

    async def make(self, obj: ObjectDef, sets: Sequence[LocalRecords]) -> None:
        """Make what neither is there nor was brought before."""
        for one in sets:
            new = [
                each
                for each in _records(one, obj)
                if each.known not in self._ids and (obj.id, each.noted) not in self.before
            ]
            for start in range(0, len(new), _AT_ONCE):
                await self._write_new(obj, new[start : start + _AT_ONCE])

    async def point(self, obj: ObjectDef) -> None:
        """Set the references of what was made to what came after it."""
        changes: list[Incoming] = []
        later = self._later.get(obj.id, ())
        # What was not there before may be so now, known by another field than its file says.
        self._asked.clear()
        await self._look_for(said for _, waiting in later for said in waiting.values())
        for number, waiting in later:
            found = {name: self._target(said) for name, said in waiting.items()}
            values: dict[str, Json] = {name: id_ for name, id_ in found.items() if id_ is not None}
            if values:
                changes.append(incoming_of(read_values(obj, values, self.tx.rights), id=number))
        for start in range(0, len(changes), _AT_ONCE):
            await write(self.tx, obj, changes[start : start + _AT_ONCE])

    async def note(self, package: str, change: int | None) -> int:
        """Note what was made, as it is now, so that it can go with the package; how many."""
        for obj, made in self._made.items():
            numbers = list(made)
            for start in range(0, len(numbers), _AT_ONCE):
                rows = await load(self.tx, obj, numbers[start : start + _AT_ONCE])
                brought = [
                    Brought(package, obj.id, made[number], number, row.version)
                    for number, row in rows.items()
                ]
                await note_brought(self.tx, brought, change)
        return sum(map(len, self._made.values()))

    async def _write_new(self, obj: ObjectDef, new: Sequence[_One]) -> None:
        incoming, waiting = [], []
        await self._look_for(
            value
            for each in new
            for name, value in each.record.items()
            if _is_reference(obj, name, value)
        )
        for each in new:
            sent, later = self._resolved(obj, each.record)
            incoming.append(incoming_of(read_values(obj, sent, self.tx.rights)))
            waiting.append(later)
        try:
            outcomes = await write(self.tx, obj, incoming)
        except Several as error:
            raise Several(_placed(error.problems, new)) from error
        for each, later, outcome in zip(new, waiting, outcomes, strict=True):
            assert outcome.id is not None
            self._ids[each.known] = format_id(obj.prefix, outcome.id)
            self._made.setdefault(obj, {})[outcome.id] = each.noted
            if later:
                self._later.setdefault(obj.id, []).append((outcome.id, later))

    def _resolved(
        self, obj: ObjectDef, record: Mapping[str, Any]
    ) -> tuple[dict[str, Json], dict[str, Any]]:
        """Give a record as the API takes it, and the references to what is not there yet."""
        sent: dict[str, Json] = {}
        later: dict[str, Any] = {}
        for name, value in record.items():
            if not _is_reference(obj, name, value):
                sent[name] = value
                continue
            target = self._target(value)
            if target is None:
                later[name] = value
            else:
                sent[name] = target
        return sent, later

    def _target(self, said: Mapping[str, Any]) -> str | None:
        """Give the id of the record that a reference says; None if none was found."""
        known = _known_as(self.tx.catalog, said)
        return None if known is None else self._ids.get(known)

    async def _look_for(self, references: Iterable[Mapping[str, Any]]) -> None:
        """Find the records that references say, many at once: the catalog is locked meanwhile."""
        wanted: dict[str, list[str]] = {}
        for said in references:
            known = _known_as(self.tx.catalog, said)
            if known is None or "." not in known[0]:
                continue
            if known not in self._ids and known not in self._asked:
                self._asked.add(known)
                wanted.setdefault(known[0], []).extend(str(value) for value in said.values())
        for place, values in wanted.items():
            await self._known(place, values)

    async def _known(self, place: str, values: Sequence[str]) -> None:
        """Find records by their keys, and remember their ids.

        place: the full name of the field that tells them apart.
        """
        owner, _, own = place.partition(".")
        obj = self.tx.catalog.get_object(owner)
        key = obj.get_field(own)
        for start in range(0, len(values), _AT_ONCE):
            some = list(values[start : start + _AT_ONCE])
            asked: dict[str, Json] = {
                "object": obj.name,
                "fields": ["id", key.name],
                "where": {"field": key.name, "op": "in", "value": some},
            }
            question = replace(Question.from_json(asked), page_size=_AT_ONCE)
            # Where case tells values apart, more are found than are asked for: all that look alike.
            while True:
                page = await answer(self.tx, question)
                for text in page.records:
                    row: Any = read_json(text)
                    self._ids[place, unique_key(key, row[key.name])] = row["id"]
                if page.next is None:
                    break
                question = replace(question, cursor=page.next)


def _records(one: LocalRecords, obj: ObjectDef) -> Iterator[_One]:
    """Yield the records of a file with how they are known and noted."""
    said = one.records
    for number, record in enumerate(said.records):
        assert said.key is not None
        key = obj.get_field(said.key)
        value = unique_key(key, record[said.key])
        place = f"{obj.name}.{key.name}"
        # Nothing that might be somebody's address is kept beside the record.
        noted = f"{DIGEST}{sha256(value.encode()).hexdigest()}"
        yield _One(f"{one.path}#/records/{number}", (place, value), noted, record)
    for name, record in said.named.items():
        yield _One(f"{one.path}#/named/{name}", (obj.name, name), name, record)


def _check_key(one: LocalRecords, obj: ObjectDef) -> None:
    if one.records.key is not None and not is_unique(obj.get_field(one.records.key)):
        label = obj.get_field(one.records.key).label
        message = f"{label} does not tell {obj.plural_label} apart."
        raise BadPackage(message, at=f"{one.path}#/key")


def _is_reference(obj: ObjectDef, name: str, value: object) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether a value says another record by its key or name."""
    known = obj.find_field(name)
    return known is not None and bool(known.references) and isinstance(value, Mapping)


def _misled(catalog: Catalog, obj: ObjectDef, record: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield references to what their fields do not refer to, and to what tells nobody apart."""
    for name, value in record.items():
        holder = obj.find_field(name)
        if holder is None or not holder.references or not isinstance(value, Mapping):
            continue
        known = _place_of(value)
        owner, _, own = known[0].partition(".") if known else ("", "", "")
        target = catalog.find_object(owner)
        if target is None or target.id not in holder.references:
            message = f"{holder.label} does not refer to what {write_json(value)[:80]} says."
            yield Problem(BadPackage.code, message, f"/{name}")
        elif own and ((key := target.find_field(own)) is None or not is_unique(key)):
            message = f"{own[:80]} does not tell {target.plural_label} apart."
            yield Problem(BadPackage.code, message, f"/{name}")


def _place_of(said: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give the place and the value that a reference says; None if it says none, or several."""
    if len(said) != 1:
        return None
    [(place, value)] = said.items()
    return place, str(value)


def _known_as(catalog: Catalog, said: Mapping[str, Any]) -> tuple[str, str] | None:
    """Give the key of Keys that a reference means; None if it means none."""
    found = _place_of(said)
    if found is None:
        return None
    owner, _, own = found[0].partition(".")
    obj = catalog.find_object(owner)
    if obj is None or not own:
        return None if obj is None else (obj.name, found[1])
    key = obj.find_field(own)
    return None if key is None else (f"{obj.name}.{key.name}", unique_key(key, found[1]))


def _placed(problems: Iterable[Problem], new: Sequence[_One]) -> Iterator[Problem]:
    """Say in which file and record each problem is."""
    for problem in problems:
        at = problem.at if isinstance(problem.at, str) else ""
        parts = at.split("/")
        if len(parts) > 2 and parts[1] == "records" and parts[2].isdigit():
            rest = "".join(f"/{part}" for part in parts[3:])
            yield replace(problem, at=f"{new[int(parts[2])].place}{rest}")
        else:
            # One record alone is told without its number.
            yield replace(problem, at=f"{new[0].place}{at}")

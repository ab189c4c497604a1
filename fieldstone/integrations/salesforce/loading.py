"""Loads sample data with its references; what is there already is found, and not made again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any, Final, TypeVar, cast

import msgspec

from fieldstone.errors import InvalidInput, Problem, Several
from fieldstone.ids import RecordId, format_id, parse_id
from fieldstone.integrations.salesforce.sample_data import SIGN, Row
from fieldstone.integrations.salesforce.sample_order import Arranged, Placed
from fieldstone.integrations.salesforce.standard_fields import compound_part, standard_objects
from fieldstone.metadata.catalog import Field, Holds, ObjectDef
from fieldstone.metadata.field_types.set_of import SetOf
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.queries import MOST_PER_PAGE, Question, answer
from fieldstone.runtime.records.reading import Values, read_values
from fieldstone.runtime.records.write import Incoming, write
from fieldstone.runtime.transactions import Transaction

_AT_ONCE: Final = 200
_MOST_ALIKE: Final = 20_000
_PASSED_OVER: Final = frozenset({"id", "recordtypeid", "currencyisocode", "isdeleted"})
_LATITUDE, _LONGITUDE = "__latitude__s", "__longitude__s"
_NUMBER_PARTS: Final = frozenset({"latitude", "longitude"})
_TRUE: Final = frozenset({"true", "1", "yes"})


T = TypeVar("T")


class TooManyAlike(InvalidInput):
    """Sample data of which it cannot be told whether it is there, as so much is alike."""

    code = "salesforce.too_many_alike"


@dataclass(slots=True)
class Loaded:
    """What became of sample data.

    made, found: how many records of each object are new, and how many were there already. notes:
    what of it was left out, in whole sentences.
    """

    made: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    notes: dict[str, None] = field(default_factory=dict)


@dataclass(slots=True)
class _Draft:
    """A row on its way: sent as the record API takes it, later what refers to rows behind it.

    later: the numbers of those rows by the names of fields. id: of the record, once there is one.
    is_new: whether this load has made it.
    """

    placed: Placed
    sent: dict[str, Json]
    later: dict[str, int] = field(default_factory=dict)
    id: str = ""
    is_new: bool = False

    @property
    def row(self) -> Row:
        """The row that it is made of."""
        return self.placed.row


async def load_sample(tx: Transaction, rows: Sequence[Row]) -> Loaded:
    """Make the records of sample data, all or none, with the rights of the viewer.

    Raises Several with every problem of a group of records, and what writing records raises.
    """
    arranged = await worked_out(lambda: Arranged(rows), len(rows))
    return await _Loading(tx, arranged).run()


class _Loading:
    """Holds what is known of the rows of one load."""

    def __init__(self, tx: Transaction, arranged: Arranged) -> None:
        self._tx = tx
        self._arranged = arranged
        self._ids: dict[int, str] = {}
        self._taken: set[str] = set()
        self._loaded = Loaded()

    async def run(self) -> Loaded:
        """Make everything, then let records point to those that came after them."""
        later: dict[str, list[_Draft]] = {}
        for name, group in groupby(self._arranged.rows, key=lambda placed: placed.row.object):
            obj = self._tx.catalog.find_object(name)
            if obj is None or not self._tx.rights.may_read_object(obj.id):
                self._note(f"There is no object {name}; its records are left out.")
                continue
            if obj.holds is Holds.METADATA:
                self._note(f"Records of {name} are declared, and come with the package itself.")
                continue
            for placed in _batches(list(group)):
                drafts = [self._draft(obj, one) for one in placed]
                await self._make(obj, drafts)
                # What was found is somebody's already: it stays as it is.
                pointing = [one for one in drafts if one.later and one.is_new]
                later.setdefault(obj.name, []).extend(pointing)
        for name, drafts in later.items():
            for batch in _batches(drafts):
                await self._point(self._tx.catalog.get_object(name), batch)
        return self._loaded

    def _note(self, note: str) -> None:
        self._loaded.notes[note] = None

    def _draft(self, obj: ObjectDef, placed: Placed) -> _Draft:
        """Read a row: names as they are here, references as far as they are known by now."""
        draft = _Draft(placed, {})
        for name, value in placed.row.values.items():
            if fold(name) in _PASSED_OVER or value is None:
                continue
            place = _place_of(obj, name)
            if place is None or not self._tx.rights.may_read_field(place[0].id):
                self._note(f"{obj.name} has no field {name}; its values are left out.")
            elif not place[0].read_only:
                self._put(draft, *place, value)
        above = self._above(obj, placed)
        if above is not None:
            self._refer(draft, above, placed.above_number)
        return draft

    def _above(self, obj: ObjectDef, placed: Placed) -> Field | None:
        """Give the field by which a row refers to the one that it stands within."""
        if placed.row.parent is None or placed.above is None:
            return None
        owner = self._tx.catalog.find_object(placed.above.object)
        fields = [one for one in obj.own_fields if owner is not None and owner.id in one.references]
        named = [one for one in fields if fold(placed.row.parent[0]) in _relation_names(one)]
        found = next(iter(named or fields), None)
        if found is None or found.read_only or not self._tx.rights.may_read_field(found.id):
            return None
        return found

    def _put(self, draft: _Draft, of: Field, part: str | None, value: Json) -> None:
        if part is not None:
            whole = draft.sent.get(of.name)
            value = _number(value) if part in _NUMBER_PARTS else value
            draft.sent[of.name] = {**(whole if isinstance(whole, Mapping) else {}), part: value}
        elif of.is_reference:
            name = str(value).removeprefix(SIGN)
            number = self._arranged.find(name, draft.row.path)
            if number is None:
                self._note(f"{draft.row.path} refers to {name[:80]}, which it does not have.")
            else:
                self._refer(draft, of, number)
        else:
            draft.sent[of.name] = _as_sent(of, value)

    def _refer(self, draft: _Draft, of: Field, number: int) -> None:
        """Let a row refer to another one, at once or when that is made."""
        if number in self._ids:
            draft.sent[of.name] = self._ids[number]
        else:
            draft.later[of.name] = number

    async def _make(self, obj: ObjectDef, drafts: Sequence[_Draft]) -> None:
        """Find the records that are there, and make the others."""
        read = [read_values(obj, draft.sent, self._tx.rights) for draft in drafts]
        known = await self._there(obj, [values for values, _ in read])
        new: list[tuple[_Draft, Incoming]] = []
        for draft, (values, problems), found in zip(drafts, read, known, strict=True):
            if found is None:
                new.append((draft, Incoming(values, tuple(problems))))
            else:
                draft.id = found
                self._loaded.found[obj.name] += 1
        try:
            outcomes = await write(self._tx, obj, [one for _, one in new])
        except Several as error:
            raise Several(_told(error.problems, [draft for draft, _ in new])) from error
        for (draft, _), outcome in zip(new, outcomes, strict=True):
            assert outcome.id is not None
            draft.id, draft.is_new = format_id(obj.prefix, outcome.id), True
        self._taken.update(draft.id for draft in drafts)
        self._ids.update((draft.placed.number, draft.id) for draft in drafts)
        self._loaded.made[obj.name] += len(new)

    async def _there(self, obj: ObjectDef, wanted: Sequence[Values]) -> list[str | None]:
        """Give for each record the one that has all its values already; None where there is none.

        One is taken once in a load, and what the load has made is none of them: records that are
        alike are as many as they are.
        """
        by_key: dict[Field, list[int]] = {}
        for number, values in enumerate(wanted):
            key = _key_of(obj, values)
            if key is not None:
                by_key.setdefault(key, []).append(number)
        found: list[str | None] = [None] * len(wanted)
        for key, numbers in by_key.items():
            rows = await self._rows_of(obj, key, [wanted[number] for number in numbers])
            alike: dict[tuple[Field, ...], dict[bytes, list[str]]] = {}
            for number in numbers:
                fields = tuple(wanted[number])
                if fields not in alike:
                    alike[fields] = _by_values(rows, fields)
                ids = alike[fields].get(_written(wanted[number].values()), [])
                while ids and found[number] is None:
                    if (one := ids.pop()) not in self._taken:
                        self._taken.add(one)
                        found[number] = one
        return found

    async def _rows_of(
        self, obj: ObjectDef, key: Field, wanted: Sequence[Values]
    ) -> list[dict[str, Any]]:
        """Give the records that have one of the values of a field. Raises TooManyAlike."""
        names = dict.fromkeys(one.name for values in wanted for one in values)
        asked: dict[str, Json] = {
            "object": obj.name,
            "fields": ["id", *names],
            "where": {
                "field": key.name,
                "op": "in",
                "value": list(dict.fromkeys(cast(str, one[key]) for one in wanted)),
            },
            "limit": MOST_PER_PAGE,
        }
        rows: list[dict[str, Any]] = []
        while True:
            page = await answer(self._tx, replace(Question.from_json(asked), counts=False))
            rows += [msgspec.json.decode(text) for text in page.records]
            if page.next is None:
                return rows
            if len(rows) >= _MOST_ALIKE:
                raise TooManyAlike(
                    f"More than {_MOST_ALIKE:,} records of {obj.name} have the same {key.name}"
                    " as rows of the sample data; it cannot be told which of them are there.",
                    hint="Import the rows as CSV.",
                )
            asked["cursor"] = page.next

    async def _point(self, obj: ObjectDef, drafts: Sequence[_Draft]) -> None:
        """Let records that were made point to rows that were made after them."""
        incoming = []
        for draft in drafts:
            sent: dict[str, Json] = {}
            for name, number in draft.later.items():
                if number in self._ids:
                    sent[name] = self._ids[number]
                else:
                    self._note(f"{draft.row.path} refers to rows by {name} that are left out.")
            if sent:
                values, problems = read_values(obj, sent, self._tx.rights)
                own = RecordId(parse_id(draft.id)[1])
                incoming.append(Incoming(values, tuple(problems), id=own))
        await write(self._tx, obj, incoming)


def _batches(among: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(among), _AT_ONCE):
        yield among[start : start + _AT_ONCE]


def _place_of(obj: ObjectDef, name: str) -> tuple[Field, str | None] | None:
    """Give the field that a name means, and the part of it where it is one."""
    found = obj.find_field(name)
    if found is not None:
        return found, None
    folded = fold(name)
    for ending, part in ((_LATITUDE, "latitude"), (_LONGITUDE, "longitude")):
        whole = obj.find_field(f"{folded.removesuffix(ending)}__c")
        if folded.endswith(ending) and whole is not None:
            return whole, part
    for called in (one for one in standard_objects() if fold(one) in _names_of(obj)):
        compound = compound_part(called, name)
        whole = None if compound is None else obj.find_field(compound[0])
        if compound is not None and whole is not None:
            return whole, compound[1]
    return None


def _names_of(obj: ObjectDef) -> set[str]:
    return {fold(name) for name in (obj.name, *obj.aliases)}


def _relation_names(of: Field) -> set[str]:
    """Give what the records that a reference comes from may be called at its target."""
    name = fold(of.child_name)
    return {name, f"{name}__r"}


def _as_sent(of: Field, value: Json) -> Json:
    """Give a value as the record API takes it for a field, where files write it otherwise."""
    if of.type.name == "checkbox" and isinstance(value, str):
        return value.strip().lower() in _TRUE
    if isinstance(of.type, SetOf) and isinstance(value, str):
        return [part.strip() for part in value.split(";") if part.strip()]
    calculation = of.type.calculation
    if calculation is not None and calculation.kind.is_number:
        return _number(value)
    return value


def _number(value: Json) -> Json:
    """Give the number that a text says; what says none is left to the field to refuse."""
    if isinstance(value, str):
        with suppress(InvalidOperation):
            return Decimal(value)
    return value


def _key_of(obj: ObjectDef, values: Values) -> Field | None:
    """Give the field that tells a record best among those that it has."""
    given = [one for one, value in values.items() if isinstance(value, str) and not one.is_system]
    for one in given:
        if one.unique or one.external_id:
            return one
    return obj.title if obj.title in given else next(iter(given), None)


def _by_values(
    rows: Iterable[Mapping[str, Any]], fields: Sequence[Field]
) -> dict[bytes, list[str]]:
    """Give the ids of records by the values that they have in some fields, the first one last."""
    found: dict[bytes, list[str]] = {}
    for row in rows:
        found.setdefault(_written(row.get(one.name) for one in fields), []).append(row["id"])
    for ids in found.values():
        ids.reverse()
    return found


def _written(values: Iterable[Any]) -> bytes:
    """Write values so that those that are alike are written alike."""
    return msgspec.json.encode([_plain(value) for value in values], order="deterministic")


def _plain(value: Any) -> Any:
    """Give a value of either side in one form: references by their ids, numbers as numbers."""
    if isinstance(value, Mapping):
        if "id" in value and "name" in value:
            return value["id"]
        return {key: _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value or None  # a checkbox that is not there is false
    return value if isinstance(value, str) else float(value)


def _told(problems: Iterable[Problem], drafts: Sequence[_Draft]) -> Iterator[Problem]:
    """Yield problems of records with the places of their rows in the files."""
    for problem in problems:
        parts = str(problem.at or "").split("/")
        number = int(parts[2]) if parts[1:2] == ["records"] else 0
        row = drafts[number].row
        rest = "/".join(parts[3:] if parts[1:2] == ["records"] else parts[1:])
        at = f"{row.path}#{row.reference}/{rest}"
        yield Problem(problem.code, problem.message, at, problem.hint)

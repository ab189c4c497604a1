"""What formulas read of records that are being written: their values, their parents', the moment.

Parents are loaded once for all records of a call, one statement for each step of a path, and so is
each roll-up: of the children as they are before the call writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal

from fieldstone.ids import BadId, RecordId, format_id, parse_id
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.query_language.formula.record_scope import USER_OBJECT, FieldPath
from fieldstone.query_language.formula.rule_scope import Changed, Prior, Written
from fieldstone.query_language.formula.typed import Apply, MomentValue, Read, Typed
from fieldstone.query_language.functions.look_up import LookedUpField, Sought
from fieldstone.query_language.moment_readers import moment_value
from fieldstone.query_language.plan import Moment
from fieldstone.runtime.moments import moment_of
from fieldstone.runtime.records import store
from fieldstone.runtime.records.draft import Draft, StoredRecord
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.look_up_values import Known, load_look_ups
from fieldstone.runtime.records.roll_up_values import load_roll_up
from fieldstone.runtime.transactions import Transaction

Steps = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class FormulaValues:
    """The values that expressions read of some records.

    parents: by the references that lead to them, the loaded records by id. user: the viewer's own.
    roll_ups: of each roll-up field, the values by the id of the record. look_ups: what VLOOKUP
    reads, by its fields and the key.
    """

    tx: Transaction
    moment: Moment
    parents: Mapping[Steps, Mapping[RecordId, StoredRecord]] = field(default_factory=dict)
    user: StoredRecord | None = None
    roll_ups: Mapping[Field, Mapping[RecordId, Value]] = field(default_factory=dict)
    look_ups: Known = field(default_factory=dict)

    @classmethod
    async def load(
        cls,
        tx: Transaction,
        drafts: Sequence[Draft],
        expressions: Iterable[Typed],
        *,
        seen_only: bool = False,
    ) -> FormulaValues:
        """Load what expressions read of the parents of records.

        seen_only: whether parents that the viewer does not see are left out, as if there were none.
        """
        asked = tuple(expressions)
        paths = {path for one in asked for path in paths_read(one)}
        user = None
        if any(path.of_user for path in paths) and tx.viewer.user_id is not None:
            users = tx.catalog.get_object(USER_OBJECT)
            user = (await _load(tx, users, {tx.viewer.user_id})).get(tx.viewer.user_id)
        values = cls(tx, moment_of(tx), {}, user)
        wanted = {path.steps[:n] for path in paths for n in range(1, len(path.steps) + 1)}
        found: dict[Steps, Mapping[RecordId, StoredRecord]] = {}
        for steps in sorted(wanted, key=len):
            ids = set(values._ids_behind(found, steps, drafts))
            target = tx.catalog.by_id[steps[-1].references[0]]
            loaded = await _load(tx, target, ids)
            seen = await seen_of(tx, target, loaded) if seen_only else loaded
            found[steps] = {number: one for number, one in loaded.items() if number in seen}
        values = cls(tx, values.moment, found, user)
        values = replace(values, roll_ups=await values._load_roll_ups(paths, drafts))
        readers = [values.reader(draft) for draft in drafts]
        await load_look_ups(tx, asked, readers, values.moment, values.look_ups)
        return values

    def reader(self, draft: Draft) -> Callable[[object], Value]:
        """Give what reads the values for one record."""
        now = self._now(draft)
        before = _before(draft, now)

        def read(source: object) -> Value:
            match source:
                case FieldPath():
                    return self._value(source, now)
                case Prior(path):
                    return self._value(path, before)
                case Changed(path):
                    return self._value(path, now) != self._value(path, before)
                case Written.IS_NEW:
                    return draft.is_new
                case MomentValue():
                    return moment_value(source, self.moment)
                case Sought(LookedUpField() as of, key):
                    return self._beside(of, key)
                case _:
                    raise AssertionError(source)

        return read

    def _beside(self, of: LookedUpField, key: object) -> Value:
        """Give what stands beside a key that was looked up."""
        found = self.look_ups.get(of, {}).get(key)
        calculation = of.result.type.calculation
        assert calculation is not None
        return calculation.read(None) if found is None else found

    def _value(self, path: FieldPath, record: StoredRecord) -> Value:
        found = self._follow(path.steps, self.user if path.of_user else record)
        if found is None:
            return path.calculation.read(None)
        if path.field.roll_up is not None:
            return self.roll_ups[path.field].get(found.id)
        if path.field.is_system:
            return self._system(path.field, found)
        return path.calculation.read(found.data.get(path.field.key))

    def _follow(self, steps: Steps, record: StoredRecord | None) -> StoredRecord | None:
        for n, step in enumerate(steps, 1):
            number = None if record is None else _number(record, step)
            record = None if number is None else self.parents.get(steps[:n], {}).get(number)
        return record

    def _ids_behind(
        self,
        found: Mapping[Steps, Mapping[RecordId, StoredRecord]],
        steps: Steps,
        drafts: Sequence[Draft],
    ) -> Iterator[RecordId]:
        """Yield the ids that the last step leads to, of the records that the others led to."""
        above = list(found.get(steps[:-1], {}).values())
        if len(steps) == 1:
            above = [record for draft in drafts for record in (self._now(draft), _before(draft))]
            above += [] if self.user is None else [self.user]
        for record in above:
            number = _number(record, steps[-1])
            if number is not None:
                yield number

    async def _load_roll_ups(
        self, paths: Iterable[FieldPath], drafts: Sequence[Draft]
    ) -> dict[Field, Mapping[RecordId, Value]]:
        """Load the roll-ups that paths lead to, one statement for each field."""
        wanted: dict[Field, set[RecordId]] = {}
        for path in paths:
            if path.field.roll_up is not None:
                ids = wanted.setdefault(path.field, set())
                ids.update(one.id for one in self._reached(path, drafts))
        loaded = {}
        for one, ids in wanted.items():
            loaded[one] = await load_roll_up(self.tx, one, sorted(ids), self.moment)
        return loaded

    def _reached(self, path: FieldPath, drafts: Sequence[Draft]) -> Iterator[StoredRecord]:
        """Yield the records whose field a path reads, as they are and as they were."""
        for draft in drafts:
            now = self._now(draft)
            for record in (now, _before(draft, now)):
                found = self._follow(path.steps, self.user if path.of_user else record)
                if found is not None:
                    yield found

    def _now(self, draft: Draft) -> StoredRecord:
        """Give a record as it is going to be."""
        before = draft.before
        return StoredRecord(
            id=draft.id,
            version=1 if before is None else before.version + 1,
            owner_id=draft.owner_id,
            data=draft.data,
            created_at=self.tx.now if before is None else before.created_at,
            updated_at=self.tx.now,
        )

    def _system(self, of: Field, record: StoredRecord) -> Value:
        """Give a field that every record has as a column of its own."""
        match of.column:
            case "id":
                return format_id(self.tx.catalog.by_id[of.object_id].prefix, record.id)
            case "owner_id" if record.owner_id is not None:
                users = self.tx.catalog.get_object(USER_OBJECT)
                return format_id(users.prefix, record.owner_id)
            case "created_at":
                return _plain(record.created_at)
            case "updated_at":
                return _plain(record.updated_at)
            case "version":
                return Decimal(record.version)
            case _:
                # Who created and last changed a record is not loaded with it.
                assert of.type.calculation is not None
                return of.type.calculation.read(None)


def _before(draft: Draft, now: StoredRecord | None = None) -> StoredRecord:
    """Give a record as it was; a new one as it is going to be."""
    if draft.before is not None:
        return draft.before
    return now or StoredRecord(draft.id, 1, draft.owner_id, draft.data)


def _number(record: StoredRecord, step: Field) -> RecordId | None:
    """Give the id of the record that a reference points to."""
    if step.column == "owner_id":
        return None if record.owner_id is None else RecordId(record.owner_id)
    reference = record.data.get(step.key)
    if not isinstance(reference, str):
        return None
    try:
        return RecordId(parse_id(reference)[1])
    except BadId:
        return None  # which the check of references tells


def _plain(instant: datetime | None) -> datetime | None:
    """Give an instant as formulas have it: in UTC, to the thousandth of a second."""
    if instant is None:
        return None
    utc = instant.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000, tzinfo=None)


def paths_read(expression: Typed) -> Iterator[FieldPath]:
    """Yield the fields that an expression reads."""
    match expression:
        case Read(FieldPath() as path) | Read(Prior(path)) | Read(Changed(path)):
            yield path
        case Apply(_, arguments):
            for part in arguments:
                yield from paths_read(part)
        case _:
            return


async def _load(
    tx: Transaction, obj: ObjectDef, ids: set[RecordId]
) -> dict[RecordId, StoredRecord]:
    if not ids:
        return {}
    rows = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=sorted(ids))
    return {RecordId(row["id"]): store.stored_record(row) for row in rows}

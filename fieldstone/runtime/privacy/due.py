"""What retention policies would do now: how much is due, how much of it is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    Boolean,
    ColumnElement,
    DateTime,
    Integer,
    and_,
    exists,
    false,
    func,
    not_,
    or_,
    select,
)

from fieldstone.ids import RecordId, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.factor_tables import ACCESS_EVENT
from fieldstone.metadata.privacy_tables import HELD_RECORD
from fieldstone.metadata.retention import Kept, RetentionPolicy
from fieldstone.metadata.tables import BIN, CHANGE, FILE, JOB, LINK, MEMBER, SIGN_IN
from fieldstone.metadata.values import read_json
from fieldstone.query_language.json_form import read_filter
from fieldstone.query_language.syntax import (
    And,
    Comparison,
    DateTimeValue,
    DateValue,
    Operator,
    Order,
    Path,
    Query,
    SelectItem,
    Source,
)
from fieldstone.runtime.privacy.held import held_among, is_held
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

COUNTED: Final = 1_000
_TENANT: Final = parameter("tenant", Integer())
_CUTOFF: Final = parameter("cutoff", DateTime(timezone=True))
_ALL: Final = parameter("all", Boolean())
_OBJECTS: Final = parameter("objects", ARRAY(Integer))


@dataclass(frozen=True, slots=True)
class Due:
    """What a policy would do now.

    count: how many are due; None for more than are counted. held: how many of the first thousand
    stay because they are under legal hold. oldest: since when the first of them is there.
    """

    policy: RetentionPolicy
    cutoff: datetime
    count: int | None
    held: int = 0
    oldest: datetime | None = None


def _of_objects(column: ColumnElement[int]) -> ColumnElement[bool]:
    """Of the objects a policy is about: some, or with all set, all but some."""
    named = column == func.any(_OBJECTS)
    return or_(and_(_ALL, not_(named)), and_(not_(_ALL), named))


def held_person(*users: ColumnElement[Any]) -> ColumnElement[bool]:
    """Build the condition that one of these users is under legal hold."""
    return exists().where(
        HELD_RECORD.c.tenant_id == _TENANT,
        HELD_RECORD.c.ended_at.is_(None),
        HELD_RECORD.c.record_id.in_(users),
    )


_HELD_ADDRESS: Final = exists().where(
    HELD_RECORD.c.tenant_id == _TENANT,
    HELD_RECORD.c.ended_at.is_(None),
    MEMBER.c.tenant_id == _TENANT,
    MEMBER.c.user_id == HELD_RECORD.c.record_id,
    func.lower(MEMBER.c.email) == func.lower(SIGN_IN.c.email),
)


def _held_in_bin() -> ColumnElement[bool]:
    along = BIN.alias("along")
    return exists().where(
        along.c.tenant_id == _TENANT,
        along.c.root_id == BIN.c.root_id,
        along.c.field_id == 0,
        is_held(along.c.record_id),
    )


@dataclass(frozen=True, slots=True)
class Heap:
    """Where what a policy is about lies. due: which rows; held: which of them stay."""

    at: ColumnElement[Any]
    key: ColumnElement[Any]
    due: ColumnElement[bool]
    held: ColumnElement[bool]


HEAPS: Final[Mapping[Kept, Heap]] = {
    Kept.BIN: Heap(
        BIN.c.at,
        BIN.c.root_id,
        and_(
            BIN.c.tenant_id == _TENANT,
            BIN.c.field_id == 0,
            BIN.c.record_id == BIN.c.root_id,
            _of_objects(BIN.c.root_object_id),
        ),
        _held_in_bin(),
    ),
    Kept.CHANGES: Heap(
        CHANGE.c.at,
        CHANGE.c.seq,
        and_(
            CHANGE.c.tenant_id == _TENANT,
            or_(CHANGE.c.before.is_not(None), CHANGE.c.after.is_not(None)),
            _of_objects(CHANGE.c.object_id),
        ),
        is_held(CHANGE.c.record_id),
    ),
    Kept.ACCESS: Heap(
        ACCESS_EVENT.c.at,
        ACCESS_EVENT.c.id,
        ACCESS_EVENT.c.tenant_id == _TENANT,
        held_person(ACCESS_EVENT.c.user_id, ACCESS_EVENT.c.actor_id),
    ),
    Kept.SIGN_INS: Heap(SIGN_IN.c.at, SIGN_IN.c.id, SIGN_IN.c.tenant_id == _TENANT, _HELD_ADDRESS),
    Kept.JOBS: Heap(
        JOB.c.finished_at,
        JOB.c.id,
        and_(JOB.c.tenant_id == _TENANT, JOB.c.finished_at.is_not(None)),
        false(),
    ),
    Kept.FILES: Heap(
        FILE.c.created_at,
        FILE.c.id,
        and_(
            FILE.c.tenant_id == _TENANT,
            ~exists().where(LINK.c.tenant_id == _TENANT, LINK.c.target_id == FILE.c.id),
        ),
        false(),
    ),
}


def _counted(heap: Heap) -> Prepared:
    stays = func.count().filter(heap.held)
    columns = (func.count().label("count"), stays.label("held"), func.min(heap.at).label("oldest"))
    return prepare(select(*columns).where(heap.due, heap.at < _CUTOFF))


def _listed(heap: Heap) -> Prepared:
    found = select(heap.key.label("id")).where(heap.due, heap.at < _CUTOFF, ~heap.held)
    return prepare(found.order_by(heap.at).limit(parameter("most", Integer())))


_COUNTED: Final = {of: _counted(heap) for of, heap in HEAPS.items()}
LISTED: Final = {of: _listed(heap) for of, heap in HEAPS.items()}
"""For each kind but records: the next that are due and not held, oldest first."""


def cutoff_of(tx: Transaction, policy: RetentionPolicy) -> datetime:
    """Give the instant before which a policy's time is over."""
    return tx.now - timedelta(days=policy.days)


def heap_arguments(tx: Transaction, policy: RetentionPolicy) -> dict[str, Any]:
    """Give what the statements of a policy take, but for the most."""
    others = [
        int(one.object_id)
        for one in tx.catalog.retention
        if one.active and one.of is policy.of and one.object_id is not None
    ]
    own = policy.object_id
    return {
        "tenant": tx.tenant.id,
        "cutoff": cutoff_of(tx, policy),
        "all": own is None,
        "objects": others if own is None else [int(own)],
    }


async def count_due(tx: Transaction, policy: RetentionPolicy) -> Due:
    """Count what a policy would do now; nothing is changed."""
    cutoff = cutoff_of(tx, policy)
    if policy.of is not Kept.RECORDS:
        statement, given = _COUNTED[policy.of], heap_arguments(tx, policy)
        row = await tx.row(statement, **{k: given[k] for k in statement.names})
        return Due(policy, cutoff, row["count"], row["held"], row["oldest"])
    page = await answer(tx.as_system(), question_of(tx, policy, COUNTED, counts=True))
    held = await held_among(tx, [record_in(text) for text in page.records])
    return Due(policy, cutoff, page.total, len(held))


def question_of(
    tx: Transaction,
    policy: RetentionPolicy,
    most: int,
    *,
    cursor: str | None = None,
    counts: bool = False,
) -> Question:
    """Give the question for the records that are due, in order of id."""
    obj = object_of(tx, policy)
    cutoff = cutoff_of(tx, policy)
    is_day = obj.get_field(policy.since).type.name == "date"
    value = DateValue(cutoff.date()) if is_day else DateTimeValue(cutoff)
    over = Comparison(Path((policy.since,)), Operator.LESS, value)
    where = over if policy.where is None else And((over, read_filter(policy.where)))
    query = Query(
        (SelectItem(Path(("id",))),),
        Source(Path((obj.name,))),
        where=where,
        order_by=(Order(Path(("id",))),),
    )
    return Question(query, page_size=most, cursor=cursor, counts=counts)


def object_of(tx: Transaction, policy: RetentionPolicy) -> ObjectDef:
    """Give the object whose records a policy is about."""
    assert policy.object_id is not None, "the kind asks for it"
    return tx.catalog.by_id[policy.object_id]


def record_in(text: str) -> RecordId:
    """Give the id of a record that the query language gave as JSON."""
    row = read_json(text)
    assert isinstance(row, dict)
    return parse_id(str(row["id"]))[1]

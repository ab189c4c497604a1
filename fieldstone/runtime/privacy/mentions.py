"""What else says something about a person beside the records: logs, the bin, jobs, answers kept.

Each place is looked through for words and rid of them, in statements of its own; what was done is
counted by place, and looked for again afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    Table,
    Text,
    cast,
    delete,
    false,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.ids import RecordId
from fieldstone.metadata.factor_tables import ACCESS_EVENT
from fieldstone.metadata.lock_tables import RECORD_LOCK
from fieldstone.metadata.package_tables import PACKAGE_UPLOAD
from fieldstone.metadata.privacy_tables import LEGAL_HOLD, PRIVACY_REQUEST
from fieldstone.metadata.tables import (
    BIN,
    CHANGE,
    COMPONENT_CHANGE,
    FILE,
    IMPORT_ROW,
    JOB,
    MEMBER,
    RECORD_SEARCH,
    RECORD_SHARE,
    RECORD_UNIQUE,
    SIGN_IN,
)
from fieldstone.metadata.view_tables import PERSONAL_VIEW
from fieldstone.runtime.export_job import forget_questions
from fieldstone.runtime.idempotency import forget_answers
from fieldstone.runtime.privacy.finding import Dossier, says, without
from fieldstone.runtime.privacy.held import is_held, objects_held
from fieldstone.runtime.privacy.person import like_of, pattern_of
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TENANT: Final = parameter("tenant", Integer())
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_KEPT: Final = parameter("kept", ARRAY(BigInteger))
_THIS_JOB: Final = parameter("job", BigInteger())


@dataclass(frozen=True, slots=True)
class Place:
    """A table that may say something.

    columns: where. removes: whether the row goes as a whole. of: what tells of which records it
    is, users among them. but: rows that are let be.
    """

    name: str
    table: Table
    columns: tuple[str, ...]
    removes: bool = False
    of: tuple[ColumnElement[Any], ...] = ()
    but: ColumnElement[bool] | None = None

    @property
    def _where(self) -> tuple[ColumnElement[bool], ...]:
        told = or_(*(says(cast(self.table.c[one], Text)) for one in self.columns))
        but = [] if self.but is None else [~self.but]
        but += [func.coalesce(one == func.any(_KEPT), false()).is_(False) for one in self.of]
        return self.table.c.tenant_id == _TENANT, told, *but

    def cleaning(self) -> Prepared:
        """Build what rids the place of words: parameters tenant, like and pattern."""
        if self.removes:
            return prepare(delete(self.table).where(*self._where))
        values = {one: without(self.table.c[one]) for one in self.columns}
        return prepare(update(self.table).where(*self._where).values(values))

    def counting(self) -> Prepared:
        """Build what counts the rows of the place that say words."""
        return prepare(select(func.count()).select_from(self.table).where(*self._where))

    def held(self) -> Iterator[Prepared]:
        """Build what gives the held records, and held users, whose rows say words."""
        for one in self.of:
            of_held = select(one.label("id")).select_from(self.table)
            yield prepare(of_held.where(*self._where, is_held(one)).distinct())


_WHO_TRIED: Final = (
    select(MEMBER.c.user_id)
    .where(MEMBER.c.tenant_id == _TENANT, func.lower(MEMBER.c.email) == func.lower(SIGN_IN.c.email))
    .correlate(SIGN_IN)
    .limit(1)
    .scalar_subquery()
)
"""The user whose address was given at a sign-in."""


PLACES: Final = (
    Place("change_log", CHANGE, ("before", "after", "cause"), of=(CHANGE.c.record_id,)),
    Place("recycle_bin", BIN, ("value",), of=(BIN.c.record_id,)),
    Place("search", RECORD_SEARCH, ("txt",), of=(RECORD_SEARCH.c.id,)),
    Place(
        *("unique_values", RECORD_UNIQUE, ("value",)),
        removes=True,
        of=(RECORD_UNIQUE.c.record_id,),
    ),
    Place("jobs", JOB, ("arguments", "progress", "result"), but=JOB.c.id == _THIS_JOB),
    Place("imported_rows", IMPORT_ROW, ("details",), of=(IMPORT_ROW.c.record_id,)),
    Place("names_of_files", FILE, ("name",)),
    Place("reasons_of_shares", RECORD_SHARE, ("reason",), of=(RECORD_SHARE.c.record_id,)),
    Place("reasons_of_locks", RECORD_LOCK, ("reason",), of=(RECORD_LOCK.c.record_id,)),
    Place("legal_holds", LEGAL_HOLD, ("name", "reason", "end_reason")),
    Place("views_of_people", PERSONAL_VIEW, ("label", "body")),
    Place("privacy_requests", PRIVACY_REQUEST, ("reason", "report")),
    Place("log_of_definitions", COMPONENT_CHANGE, ("before", "after", "cause")),
    Place("sign_ins", SIGN_IN, ("email",), removes=True, of=(_WHO_TRIED,)),
    Place(
        *("access_log", ACCESS_EVENT, ("details", "cause", "address")),
        of=(ACCESS_EVENT.c.user_id, ACCESS_EVENT.c.actor_id, ACCESS_EVENT.c.record_id),
    ),
    Place("packages_waiting", PACKAGE_UPLOAD, ("files",), removes=True),
)
_CLEANING: Final = {one.name: one.cleaning() for one in PLACES}
_COUNTING: Final = {one.name: one.counting() for one in PLACES}
_HELD: Final = [one for place in PLACES for one in place.held()]
_NEAR: Final = prepare(
    update(CHANGE)
    .where(
        CHANGE.c.tenant_id == _TENANT,
        CHANGE.c.record_id == func.any(_IDS),
        or_(says(cast(CHANGE.c.before, Text)), says(cast(CHANGE.c.after, Text))),
    )
    .values(before=without(CHANGE.c.before), after=without(CHANGE.c.after))
)
_DETAILS_OF: Final = prepare(
    update(IMPORT_ROW)
    .where(IMPORT_ROW.c.tenant_id == _TENANT, IMPORT_ROW.c.record_id == func.any(_IDS))
    .values(details=cast(literal("{}", literal_execute=True), JSONB()))
)


async def clean(
    tx: Transaction, words: Collection[str], job: int, kept: Collection[int]
) -> dict[str, int]:
    """Rid every place of words; from how many rows of which place.

    job: which is let be, since it does this. kept: records that are let be.
    """
    given = _given(tx, words, job, kept)
    cleaned = {name: await _ran(tx, one, given) for name, one in _CLEANING.items()}
    # They are encrypted as a whole, so that nobody can tell which of them say the words.
    forgotten = {
        "answers_kept": await forget_answers(tx),
        "questions_of_exports": await forget_questions(tx),
    }
    return {**cleaned, **forgotten}


async def count_mentions(
    tx: Transaction, words: Collection[str], job: int, kept: Collection[int]
) -> dict[str, int]:
    """Count the rows of every place that say words."""
    given = _given(tx, words, job, kept)
    return {name: await tx.value(one, **_taken(one, given)) for name, one in _COUNTING.items()}


async def with_held_mentions(tx: Transaction, dossier: Dossier) -> Dossier:
    """Count as held also what says the words no longer, but has a history or a note that does."""
    if not await objects_held(tx):
        return dossier
    given = _given(tx, dossier.person.addresses, 0, dossier.kept)
    found = [row["id"] for one in _HELD for row in await tx.rows(one, **_taken(one, given))]
    return replace(dossier, held=dossier.held | frozenset(map(RecordId, found)))


async def clean_history(tx: Transaction, words: Collection[str], ids: Collection[int]) -> int:
    """Rid the history of some records of words; from how many entries."""
    if not words or not ids:
        return 0
    given = {"like": like_of(words), "pattern": pattern_of(words), "ids": sorted(ids)}
    return await tx.run(_NEAR, tenant=tx.tenant.id, **given)


async def forget_imported(tx: Transaction, ids: Collection[int]) -> int:
    """Take what imports said of records from their reports; from how many lines."""
    return await tx.run(_DETAILS_OF, tenant=tx.tenant.id, ids=sorted(ids))


def _given(
    tx: Transaction, words: Collection[str], job: int, kept: Collection[int]
) -> Mapping[str, Any]:
    # Without words nothing is meant, where an empty pattern would mean everything.
    some = words or ["\x01"]
    like, pattern = like_of(some), pattern_of(some)
    return {
        "tenant": tx.tenant.id,
        "like": like,
        "pattern": pattern,
        "job": job,
        "kept": list(kept),
    }


async def _ran(tx: Transaction, statement: Prepared, given: Mapping[str, Any]) -> int:
    return await tx.run(statement, **_taken(statement, given))


def _taken(statement: Prepared, given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in statement.names if name in given}

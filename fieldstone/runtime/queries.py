"""Queries run: a question becomes a page of JSON texts, by one statement and a count.

Entry points: `Question.from_json`, `Question.of_text`, `answer(tx, question)`. Parsing, resolving
and compiling are done once for all questions of a shape; what remains per question is to parse
its text and to read its values. PostgreSQL writes the JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from fieldstone.errors import BadValue, InvalidInput
from fieldstone.ids import RecordId
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.query_language.compile import (
    CAP,
    CURSOR_ID,
    OFFSET,
    Wanted,
    compile_page,
    cursor_parameter,
)
from fieldstone.query_language.cursor import Place, decode_cursor, nulls_of, write_cursor
from fieldstone.query_language.errors import BadQuery, TypeMismatch
from fieldstone.query_language.explaining import Expected, explain_plan, read_expected
from fieldstone.query_language.lifted_forms import QueryForm
from fieldstone.query_language.lifting import Lifted, lift
from fieldstone.query_language.plan import Literal, Moment, Parameter, Plan, place_of
from fieldstone.query_language.resolve import resolve
from fieldstone.query_language.syntax import Query
from fieldstone.runtime.encryption.opening import opened
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.moments import moment_of
from fieldstone.runtime.observing import note_program, observed
from fieldstone.runtime.question_texts import length_of, query_of, read_text, without_explain
from fieldstone.runtime.ready_plans import Ready, plan_for
from fieldstone.runtime.statements import Prepared, prepare, prepare_opening
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Transaction

DEFAULT_PAGE: Final = 200
MOST_PER_PAGE: Final = 2_000
MOST_SKIPPED: Final = 10_000
MOST_COUNTED: Final = 100_000
_EVERYTHING: Final = 2**62
_STEPS: Final = (2, 6, 11, 26, 51, 101, 201, 501, 1_001, 2_001)
EXPLAIN: Final = "EXPLAIN (FORMAT JSON) "
"""What asks PostgreSQL for its plan of the statement behind it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query with what comes beside it.

    page_size: rows per page; None for as many as the query's own LIMIT, or 200. cursor: what the
    page before gave as next. counts: whether the total is wanted. lifted: the query with its
    values apart, where the caller has it from before. explains: whether the plan is wanted in the
    place of the answer. written: gives the query as it was written,
    where that is another one: errors have their places in that. length: of its text. form: the
    query, where it is kept.
    """

    query: Query
    params: Mapping[str, Json] = field(default_factory=dict)
    page_size: int | None = None
    cursor: str | None = None
    counts: bool = True
    lifted: Lifted | None = None
    written: Callable[[], Query] | None = None
    explains: bool = False
    length: int = 0
    form: QueryForm | None = None

    @classmethod
    def of_text(
        cls,
        text: str,
        params: Mapping[str, Json] | None = None,
        *,
        cursor: str | None = None,
        page_size: int | None = None,
        counts: bool = True,
    ) -> Question:
        """Read a question in the query language. Raises BadSyntax."""
        text, explains = without_explain(text)
        read = read_text(text)
        return cls(
            read.query,
            {**(params or {}), **read.taken},
            page_size,
            cursor,
            counts,
            written=read.written,
            explains=explains,
            length=len(text),
            form=read.form,
        )

    @classmethod
    def from_json(cls, asked: JsonObject) -> Question:
        """Read {q, params, cursor, limit} or {object, fields, where, order_by …, limit, cursor}.

        With explain, the plan is asked for. Raises BadSyntax and BadQuery.
        """
        explains = asked.get("explain", False)
        if not isinstance(explains, bool):
            raise BadQuery("explain must be true or false.", at="/explain")
        if isinstance(text := asked.get("q"), str):
            text, said = without_explain(text)
            asked, explains = {**asked, "q": text}, explains or said
        params, cursor, limit = asked.get("params"), asked.get("cursor"), asked.get("limit")
        if params is not None and not isinstance(params, Mapping):
            raise BadQuery("params must be a JSON object.", at="/params")
        if cursor is not None and not isinstance(cursor, str):
            raise BadQuery("cursor must be a text.", at="/cursor")
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
            raise BadQuery("limit must be a whole number.", at="/limit")
        if limit is not None and limit < 0:
            raise BadQuery("limit must not be negative.", at="/limit")
        read = query_of(asked)
        return cls(
            read.query,
            {**(params or {}), **read.taken},
            limit,
            cursor,
            written=read.written,
            explains=explains,
            length=length_of(asked),
            form=read.form,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer.

    records: each a JSON text. next: the cursor of the page behind; None at the end. total: how
    many the query gives over all pages; None if not asked for, or beyond 100,000. plan: what was
    asked by EXPLAIN, whose sentences are the records.
    """

    records: list[str]
    next: str | None
    total: int | None
    plan: JsonObject | None = None

    def show(self) -> str:
        """Give it as callers see it, as JSON text."""
        after, total = write_json(self.next), write_json(self.total)
        plan = "" if self.plan is None else f', "plan": {write_json(self.plan)}'
        return f'{{"records": [{",".join(self.records)}], "total": {total}, "next": {after}{plan}}}'


async def answer(tx: Transaction, question: Question) -> Page:
    """Give one page of what the viewer of tx may see. Raises InvalidInput, QueryTimeout."""
    try:
        return await _answer(tx, question, await _lifted(question))
    except InvalidInput:
        return await _answer(tx, question, await _as_written(question))


async def _answer(tx: Transaction, question: Question, lifted: Lifted) -> Page:
    settled = await _settle(tx, lifted)
    if question.explains:
        return await _explained(tx, settled.ready, settled.values, settled.limit)
    note_program(tx, settled.ready)
    with observed(tx, settled.ready.uses):
        return await _page(tx, question, lifted, settled)


async def _page(tx: Transaction, question: Question, lifted: Lifted, settled: Settled) -> Page:
    ready, values, limit, offset = settled.ready, settled.values, settled.limit, settled.offset
    if ready.plan.counts_rows:
        return Page([], None, await count_rows(tx, ready, values, limit, offset))
    digest, place = ready.digest(lifted), None
    if question.cursor is not None:
        place = decode_cursor(ready.plan, question.cursor, digest)
    portion = _Portion(question.page_size, limit, offset, place)
    rows, last = await _fetch(tx, ready, values, portion)
    after = None if last is None else write_cursor(digest, last)
    records = opened(tx, [row["row"] for row in rows])
    if not question.counts:
        return Page(records, after, None)
    if rows and after is None and place is None:
        return Page(records, None, len(records))
    most = MOST_COUNTED + 1 if limit is None else min(limit, MOST_COUNTED + 1)
    total = await count_rows(tx, ready, values, most, offset)
    return Page(records, after, total if total <= MOST_COUNTED else None)


@dataclass(frozen=True, slots=True)
class Settled:
    """A question under a catalog: its plan, what the parameters take, and its own counts."""

    ready: Ready
    values: dict[str, Any]
    limit: int | None
    offset: int


async def settle(tx: Transaction, question: Question) -> Settled:
    """Give what a question means to the viewer of tx. Raises InvalidInput."""
    try:
        return await _settle(tx, await _lifted(question))
    except InvalidInput:
        return await _settle(tx, await _as_written(question))


async def _lifted(question: Question) -> Lifted:
    """Give a question with its values apart; a plan that is shown has them in it."""
    if question.lifted is not None:
        return question.lifted
    if question.form is not None and not question.explains:
        return question.form.lift(question.params)
    whole = not question.explains
    work = partial(lift, question.query, question.params, in_expressions=whole)
    return await worked_out(work, question.length)


async def _as_written(question: Question) -> Lifted:
    """Give a question so that what is wrong is told of what was written, the values included."""

    def work() -> Lifted:
        query = question.query if question.written is None else question.written()
        return lift(query, question.params, in_expressions=False)

    return await worked_out(work, question.length)


async def _settle(tx: Transaction, lifted: Lifted) -> Settled:
    ready = await plan_for(tx, lifted)
    if ready.plan.rows.as_of is not None:
        tx.tenant.terms.require(Feature.AS_OF)
    values = read_parameters(ready.plan.parameters, lifted, tx)
    limit, offset = _counts_of(ready.plan, lifted)
    return Settled(ready, values, limit, offset)


@dataclass(frozen=True, slots=True)
class OneRecord:
    """The statements that give one record by its id, ready under a catalog.

    plain: for an open transaction. opening: for one that is not. id_name: the parameter that takes
    the id. others: what else they take, of which much depends on who asks and when. lifted: the
    query with the constants of these.
    """

    plain: Prepared
    opening: Prepared
    id_name: str
    others: tuple[Parameter, ...]
    lifted: Lifted

    async def fetch(self, tx: Transaction, record_id: RecordId) -> str | None:
        """Give the record as JSON text; None if there is none of this id."""
        values = read_parameters(self.others, self.lifted, tx)
        values[self.id_name] = record_id
        if tx.is_open:
            rows = await tx.fetch(self.plain.sql, self.plain.arguments(values))
        else:
            rows = await tx.fetch_opening(self.opening, values)
        text: str | None = rows[0]["row"] if rows else None
        return None if text is None else opened(tx, [text])[0]


def prepare_record(tx: Transaction, query: Query) -> OneRecord:
    """Make the statements of a query whose last value is the id it compares. Raises BadQuery."""
    lifted = lift(query)
    plan = resolve(lifted, tx.catalog, tx.rights)
    if plan.grouped or plan.counts_rows:
        raise BadQuery("One record cannot be counted.", hint="Ask the list of records.")
    *others, last = sorted(plan.parameters, key=lambda one: one.number or 0)
    assert last.number == len(lifted.literals) - 1, "the id stands last"
    statement = compile_page(plan, tx.catalog, Wanted(1))
    return OneRecord(
        plain=prepare(statement),
        opening=prepare_opening(statement),
        id_name=last.name,
        others=tuple(others),
        lifted=lifted,
    )


@dataclass(frozen=True, slots=True)
class _Portion:
    """Which rows of a query a page holds."""

    page_size: int | None
    limit: int | None
    offset: int
    place: Place | None

    @property
    def seen(self) -> int:
        """How many rows were shown on the pages before."""
        return 0 if self.place is None else self.place.seen

    def skipped(self, *, grouped: bool) -> int:
        """Give how many rows are passed over: groups have no place, and are counted instead."""
        if self.place is None:
            return self.offset
        return self.offset + self.seen if grouped else 0

    @property
    def size(self) -> int:
        """How many rows the page holds at most."""
        size = self.page_size
        if size is None:
            size = DEFAULT_PAGE if self.limit is None else self.limit
        left = _EVERYTHING if self.limit is None else max(0, self.limit - self.seen)
        return min(size, MOST_PER_PAGE, left)


def read_parameters(
    parameters: Sequence[Parameter], lifted: Lifted, tx: Transaction
) -> dict[str, Any]:
    """Give what the parameters of a plan take. Raises TypeMismatch."""
    if not parameters:
        return {}
    moment = moment_of(tx)
    return {parameter.name: _read(parameter, lifted, moment) for parameter in parameters}


def _read(parameter: Parameter, lifted: Lifted, moment: Moment) -> object:
    literal: Literal = 0 if parameter.number is None else lifted.literals[parameter.number]
    try:
        return parameter.read(literal, moment)
    except BadValue as error:
        problem = error.problem
        at = place_of(literal)
        raise TypeMismatch(problem.message, at=at, hint=problem.hint) from error


def _counts_of(plan: Plan, lifted: Lifted) -> tuple[int | None, int]:
    limit = None if plan.limit is None else lifted.literals[plan.limit]
    offset = 0 if plan.offset is None else lifted.literals[plan.offset]
    assert limit is None or isinstance(limit, int)
    assert isinstance(offset, int)
    if offset > MOST_SKIPPED:
        raise BadQuery(
            f"OFFSET goes up to {MOST_SKIPPED}.",
            hint="Follow the cursor in next, which costs nothing however far it goes.",
        )
    return limit, offset


async def _fetch(
    tx: Transaction, ready: Ready, values: dict[str, Any], portion: _Portion
) -> tuple[list[Any], Place | None]:
    """Give the rows of a page, and the place where it ends if more follow."""
    plan, place, size = ready.plan, portion.place, portion.size
    if not size:
        return [], None
    after = nulls_of(place.values) if place is not None and not plan.grouped else None
    skipped = portion.skipped(grouped=plan.grouped)
    wanted = Wanted(step_above(size), skips=skipped > 0, after=after)
    values = {**values, OFFSET: skipped}
    if place is not None:
        values |= {cursor_parameter(n): value for n, value in enumerate(place.values)}
        values[CURSOR_ID] = place.id
    rows = await _rows(tx, ready, wanted, values)
    seen = portion.seen + min(len(rows), size)
    if len(rows) <= size or (portion.limit is not None and seen >= portion.limit):
        return rows[:size], None
    return rows[:size], _place_at(plan, rows[size - 1], seen)


async def _rows(
    tx: Transaction, ready: Ready, wanted: Wanted, values: Mapping[str, Any]
) -> list[Any]:
    """Run the statement of a page, and open the transaction with it where that costs nothing.

    PostgreSQL does not work in parallel on a statement that opens a tenant, so that only those do
    that read by an index. The one row of the version meets the page's rows in their order.
    """
    if tx.is_open or not ready.reads_by_index:
        statement = await ready.made(partial(ready.page, wanted))
        return await tx.fetch(statement.sql, statement.arguments(values))
    opening = await ready.made(partial(ready.opening_page, wanted))
    rows = await tx.fetch_opening(opening, values)
    return [] if rows[0]["row"] is None else rows


def step_above(size: int) -> int:
    """Give how many rows are read for a page, so that one more than its size is known.

    A few steps only, for each is a statement of its own.
    """
    return next(step for step in _STEPS if step > size)


def _place_at(plan: Plan, row: Any, seen: int) -> Place:
    if plan.grouped:
        return Place((), 0, seen)
    return Place(tuple(row[f"k{n}"] for n in range(len(plan.order_by))), row["id"], seen)


async def _explained(
    tx: Transaction, ready: Ready, values: Mapping[str, Any], limit: int | None
) -> Page:
    """Give the plan of the first page, with what PostgreSQL expects where nothing is hidden."""
    expected = None
    if tx.rights.reads_everything:
        expected = await _expected(tx, ready, values, limit)
    return page_of_plan(explain_plan(ready.plan, expected))


def page_of_plan(plan: JsonObject) -> Page:
    """Give a plan as a page, whose records are its sentences."""
    sentences = plan["says"]
    assert isinstance(sentences, list)
    return Page([write_json({"plan": one}) for one in sentences], None, len(sentences), plan)


async def _expected(
    tx: Transaction, ready: Ready, values: Mapping[str, Any], limit: int | None
) -> Expected:
    if ready.plan.counts_rows:
        statement = await ready.made(partial(ready.counted, cut=limit is not None))
    else:
        size = DEFAULT_PAGE if limit is None else max(1, min(limit, MOST_PER_PAGE))
        statement = await ready.made(partial(ready.page, Wanted(step_above(size))))
    known = {**values, CAP: limit, OFFSET: 0}
    rows = await tx.fetch(EXPLAIN + statement.sql, statement.arguments(known))
    return read_expected(read_json(rows[0][0]))


async def count_rows(
    tx: Transaction, ready: Ready, values: Mapping[str, Any], cap: int | None, offset: int
) -> int:
    """Count what a plan gives behind an offset, up to a cap."""
    cut = cap is not None or offset > 0
    statement = await ready.made(partial(ready.counted, cut=cut))
    known = {**values, CAP: _EVERYTHING if cap is None else cap, OFFSET: offset}
    rows = await tx.fetch(statement.sql, statement.arguments(known))
    total: int = rows[0]["total"]
    return total

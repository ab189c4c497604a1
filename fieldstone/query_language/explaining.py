"""A plan in words: what is read, how each condition is answered, and what would make it faster.

Nothing of it is a value, be it of a record or of the query: the names of objects and fields, and
what PostgreSQL expects of its statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from fieldstone.metadata.values import JsonObject
from fieldstone.query_language.index_advice import AdviceKind, fields_of_index, how_to_apply
from fieldstone.query_language.joined_sources import joined_sources, operands, refs_of_rows
from fieldstone.query_language.operands import uses_slot
from fieldstone.query_language.plan import (
    AggregateRef,
    Every,
    FieldRef,
    InRows,
    Negation,
    OneOf,
    Pattern,
    Plan,
    PlanCondition,
    Ref,
    Some,
    Test,
)
from fieldstone.query_language.syntax import Operator
from fieldstone.query_language.used_fields import used_fields

_MANY: Final = 10_000
"""Rows from which on it is worth while to think about how they are found."""


class By(StrEnum):
    """What of a record answers a condition or gives an order."""

    COLUMN = "column"
    SLOT = "slot"
    JSON = "json"
    PAST = "past"
    CALCULATED = "calculated"
    GROUP = "group"


_WORDS: Final[Mapping[By, str]] = {
    By.COLUMN: "a column that every record has",
    By.SLOT: "an indexed slot",
    By.JSON: "the JSON of each record",
    By.PAST: "the JSON of each record as it was then",
    By.CALCULATED: "a value that is worked out for each record",
    By.GROUP: "the groups, once they are made",
}


@dataclass(frozen=True, slots=True)
class Expected:
    """What PostgreSQL expects. rows: before a limit cuts them. cost: in its own units.

    scans: how it reads its tables, each as a sentence.
    """

    rows: int
    cost: float
    scans: tuple[str, ...]


def explain_plan(plan: Plan, expected: Expected | None) -> JsonObject:
    """Give a plan for people and programs; says holds the whole of it as sentences.

    expected: None for those who do not read everything, as it is estimated of all records alike.
    """
    sources = plan.rows.sources
    joined = joined_sources(plan.rows, refs_of_rows(plan.members, plan.order_by))
    reads = [
        {"object": source.object.name, "heap": source.object.heap, "through": _through(plan, place)}
        for place, source in enumerate(sources)
    ]
    conditions, orders = used_in(plan)
    advice = list(_advice(plan, expected))
    says = [
        _reading(plan),
        *_looking_back(plan),
        *(_joining(read, joined=place in joined) for place, read in enumerate(reads) if place),
        *told_of_use(conditions, orders),
        *told_of_estimate(expected),
        *advice,
    ]
    numbers = {"rows": expected.rows, "cost": round(expected.cost)} if expected else {}
    return {
        "object": plan.object.name,
        "reads": reads,
        "conditions": conditions,
        "order": orders,
        **numbers,
        "advice": advice,
        "says": says,
    }


def used_in(plan: Plan) -> tuple[list[JsonObject], list[JsonObject]]:
    """Give what the conditions of a plan and its order ask of, each with what answers it."""
    conditions = [_used(plan, ref) for ref in operands(plan.rows.where)]
    orders = [_used(plan, key.left) for key in plan.order_by if not _is_second(plan, key.left)]
    return conditions, orders


def told_of_use(conditions: Sequence[JsonObject], orders: Sequence[JsonObject]) -> Iterator[str]:
    """Yield the same as sentences."""
    for one in conditions:
        yield f"The condition on {one['field']} is answered by {_words(one)}."
    for one in orders:
        yield f"The order by {one['field']} comes from {_words(one)}."


def told_of_estimate(expected: Expected | None) -> Iterator[str]:
    """Yield what PostgreSQL expects, as sentences; nothing where that is not to be told."""
    if expected is not None:
        yield from expected.scans
        yield f"PostgreSQL expects {expected.rows:,} rows, at a cost of {expected.cost:,.0f}."


def read_expected(found: Any) -> Expected:
    """Read what EXPLAIN (FORMAT JSON) gave."""
    top: Mapping[str, Any] = found[0]["Plan"]
    rows = top
    while rows.get("Node Type") in ("Limit", "Append", "Subquery Scan") and rows.get("Plans"):
        rows = rows["Plans"][0]
    scans = tuple(dict.fromkeys(_scans(top)))
    return Expected(int(rows["Plan Rows"]), float(top["Total Cost"]), scans)


def _scans(node: Mapping[str, Any]) -> Iterator[str]:
    name, heap = node.get("Node Type", ""), node.get("Relation Name")
    if heap is not None and "Index Name" in node:
        yield f"PostgreSQL reads {heap} by the index {node['Index Name']}."
    elif heap is not None and name == "Seq Scan":
        yield f"PostgreSQL reads {heap} from its first row to its last."
    for inner in node.get("Plans", ()):
        if inner.get("Node Type") == "Bitmap Index Scan" and heap is not None:
            yield f"PostgreSQL reads {heap} by the index {inner['Index Name']}."
        yield from _scans(inner)


def _reading(plan: Plan) -> str:
    source = plan.object
    shows = "counts" if plan.counts_rows else "groups" if plan.grouped else "reads"
    return f"The query {shows} records of {source.name}, which lie in {source.heap}."


def _looking_back(plan: Plan) -> Iterator[str]:
    if plan.rows.as_of is not None:
        yield "Records that changed since the instant are led back by the change log."


def _joining(read: Mapping[str, Any], *, joined: bool) -> str:
    way = "joined" if joined else "looked up for the rows that are shown"
    return f"{read['object']}, in {read['heap']}, is {way} through {read['through']}."


def _through(plan: Plan, place: int) -> str | None:
    names = []
    step: int | None = place
    while step:
        source = plan.rows.sources[step]
        names.append("the viewer" if source.reference is None else source.reference.name)
        step = source.parent
    return ".".join(reversed(names)) or None


def _name(plan: Plan, ref: Ref) -> str:
    if isinstance(ref, AggregateRef):
        return f"{ref.function}({'' if ref.argument is None else _name(plan, ref.argument)})"
    above = _through(plan, ref.source)
    return ref.field.name if above is None else f"{above}.{ref.field.name}"


def _by(plan: Plan, ref: Ref) -> By:
    if isinstance(ref, AggregateRef):
        return By.GROUP
    if ref.computed is not None:
        return By.CALCULATED
    if ref.field.column is not None and (plan.rows.as_of is None or ref.field.column == "id"):
        return By.COLUMN
    if plan.rows.as_of is not None:
        return By.PAST
    return By.SLOT if uses_slot(ref) else By.JSON


def _used(plan: Plan, ref: Ref) -> JsonObject:
    return {"field": _name(plan, ref), "by": str(_by(plan, ref))}


def _words(used: JsonObject) -> str:
    return _WORDS[By(str(used["by"]))]


def _is_second(plan: Plan, ref: Ref) -> bool:
    """Tell whether a sort key only tells apart what a slot cannot."""
    if not isinstance(ref, FieldRef) or not ref.exact or ref.computed is not None:
        return False
    return any(
        isinstance(key.left, FieldRef) and key.left.field is ref.field and not key.left.exact
        for key in plan.order_by
    )


def _advice(plan: Plan, expected: Expected | None) -> Iterator[str]:
    """Yield what would make a query faster."""
    for ref in dict.fromkeys((*operands(plan.rows.where), *(key.left for key in plan.order_by))):
        if not isinstance(ref, FieldRef) or _is_second(plan, ref):
            continue
        by, name = _by(plan, ref), _name(plan, ref)
        if by is By.CALCULATED:
            yield f"No index serves {name}: compare or sort by a field that is stored."
        elif by is By.JSON and ref.field.type.slot is not None and ref.field.slot is None:
            obj = plan.rows.sources[ref.source].object
            yield f"Give {name} a slot: {how_to_apply(AdviceKind.SLOT, obj, (ref.field,))}"
    yield from _advice_on_indexes(plan)
    yield from _advice_on_conditions(plan.rows.where)
    if plan.rows.as_of is not None and not _asks_by_id(plan.rows.where):
        yield (
            f"No index tells how records were: AS OF looks at all records of {plan.object.name}."
            " A condition on id finds a few at once."
        )
    many = expected is not None and expected.rows > _MANY
    if many and plan.rows.where is None and not plan.grouped:
        yield "All records are asked for: a condition, or a LIMIT, makes the answer short."
    if plan.offset is not None:
        yield "OFFSET reads what it passes over: follow the cursor in next."


def _advice_on_indexes(plan: Plan) -> Iterator[str]:
    """Yield which index on several fields would serve the query, where a heap may have one."""
    objects = {source.object.id: source.object for source in plan.rows.sources}
    for use in used_fields(plan):
        obj = objects.get(use.object_id)
        fields = () if obj is None else fields_of_index(obj, use)
        if obj is not None and fields:
            names = " and ".join(field.name for field in fields)
            yield (
                f"An index of {obj.name} on {names} finds them at once: "
                f"{how_to_apply(AdviceKind.INDEX, obj, fields)}"
            )


def _advice_on_conditions(condition: PlanCondition | None) -> Iterator[str]:
    for one in _leaves(condition):
        match one:
            case Pattern(begins=False):
                yield "LIKE with a wildcard in front reads every value: search finds words faster."
            case Negation(InRows()):
                yield "NOT IN (SELECT …) looks at every row that is left."
            case Some(tests) if _mixes_heaps(tests):
                yield "OR between fields of several objects is answered once they are joined."


def _asks_by_id(condition: PlanCondition | None) -> bool:
    """Tell whether a condition leaves only records whose ids it names."""
    match condition:
        case Every(tests):
            return any(_asks_by_id(test) for test in tests)
        case Test(FieldRef(0) as left, Operator.EQUAL) | OneOf(FieldRef(0) as left):
            return left.field.column == "id"
        case _:
            return False


def _leaves(condition: PlanCondition | None) -> Iterator[PlanCondition]:
    match condition:
        case None:
            return
        case Every(tests):
            for test in tests:
                yield from _leaves(test)
        case Some(tests):
            yield condition
            for test in tests:
                yield from _leaves(test)
        case Negation(InRows()):
            yield condition
        case Negation(test):
            yield from _leaves(test)
        case _:
            yield condition


def _mixes_heaps(tests: Sequence[PlanCondition]) -> bool:
    sources = {ref.source for test in tests for ref in operands(test) if isinstance(ref, FieldRef)}
    return len(sources) > 1

"""What rules and formulas look up by VLOOKUP, loaded once for all records of a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.typed import Apply, Failed, Typed
from fieldstone.query_language.functions.look_up import LookedUpField, LookUp
from fieldstone.query_language.look_up_statement import KEYS, compile_look_up
from fieldstone.query_language.plan import Moment, Parameter
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.statements import Prepared, prepare
from fieldstone.runtime.transactions import Transaction

Known = dict[LookedUpField, dict[object, Value]]
"""What was looked up, by the fields and the key."""
Reading = Callable[[object], Value]


@dataclass(frozen=True, slots=True)
class _Ready:
    statement: Prepared
    parameters: tuple[Parameter, ...]


_KEPT: Final = 2_000
_READY: Final[PerCatalog[_Ready]] = PerCatalog(_KEPT)


async def load_look_ups(
    tx: Transaction,
    expressions: Iterable[Typed],
    readers: Sequence[Reading],
    moment: Moment,
    known: Known,
) -> None:
    """Look up all that expressions name, one statement for each pair of fields.

    readers: give what is known of each record, and what is known of look-ups, which grows here: of
    a look-up within another the value is found first.
    """
    stages: dict[int, list[Apply]] = {}
    for one in expressions:
        for look_up in _look_ups(one):
            stages.setdefault(_depth(look_up), []).append(look_up)
    for _, stage in sorted(stages.items()):
        for of, keys in _wanted(stage, readers).items():
            found = known.setdefault(of, {})
            missing = {key for key in keys if key not in found}
            found.update(await _load(tx, of, missing, moment))


def _look_ups(expression: Typed) -> Iterator[Apply]:
    if isinstance(expression, Apply):
        if isinstance(expression.function, LookUp):
            yield expression
        for part in expression.arguments:
            yield from _look_ups(part)


def _depth(expression: Apply) -> int:
    """Give how many look-ups stand in each other."""
    inner = (one for part in expression.arguments for one in _look_ups(part))
    return 1 + max(map(_depth, inner), default=0)


def _wanted(stage: Iterable[Apply], readers: Sequence[Reading]) -> dict[LookedUpField, set[Value]]:
    found: dict[LookedUpField, set[Value]] = {}
    for one in stage:
        assert isinstance(one.function, LookUp)
        assert isinstance(one.function.of, LookedUpField)
        (argument,) = one.arguments
        keys = found.setdefault(one.function.of, set())
        for read in readers:
            with suppress(Failed):
                keys.add(evaluate(argument, read))
    return {of: keys - {None, ""} for of, keys in found.items()}


async def _load(
    tx: Transaction, of: LookedUpField, keys: set[Value], moment: Moment
) -> dict[object, Value]:
    if not keys:
        return {}
    ready = _READY.get(tx.catalog, of, lambda: _prepared(tx, of))
    bound = {one.name: one.read(0, moment) for one in ready.parameters}
    rows = await tx.rows(ready.statement, **{KEYS: list(keys)}, **bound)
    return {row["key"]: row["value"] for row in rows}


def _prepared(tx: Transaction, of: LookedUpField) -> _Ready:
    found = compile_look_up(of, tx.catalog)
    return _Ready(prepare(found.statement), found.parameters)

"""The workloads of docs/architecture/storage.md: each as a query, and in SQL on native tables.

The native SQL comes twice: as columns, which is the least that can be asked, and as the JSON that
the engine gives, since somebody has to write it in the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from bench.recipes import FIRST_IDS, SPACING, Counts
from fieldstone.ids import format_id
from fieldstone.metadata.values import Json
from fieldstone.query_language.cursor import Place

Arguments = Callable[[int], list[Any]]
Params = Callable[[int], dict[str, Json]]
_DEAL: Final = "id, name, value, stage, probability, close_date, type, source, next_step"


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind of reading. params and arguments make what is bound in the n-th round.

    page: how many rows the engine is asked for; it reads one more, to know whether more follow.
    heavy: whether it takes so long that few rounds will do. place: where the page begins.
    """

    name: str
    query: str
    params: Params
    columns: str
    json: str
    arguments: Arguments
    page: int = 50
    heavy: bool = False
    place: Callable[[int], Place] | None = None


def workloads(counts: Counts) -> tuple[Workload, ...]:
    """Give the reading workloads for a world of this size."""
    return (*_of_few(counts), *_of_many(counts))


def _of_few(counts: Counts) -> tuple[Workload, ...]:
    def deal(n: int) -> int:
        return FIRST_IDS["Deal"] + n * 7919 % counts.deals * SPACING

    def owner(n: int) -> int:
        return FIRST_IDS["User"] + n % counts.of("User") * SPACING

    return (
        Workload(
            "1 get by id",
            f"SELECT {_DEAL} FROM Deal WHERE id = :id",
            lambda n: {"id": format_id("deal", deal(n))},
            f"SELECT {_DEAL} FROM native_deal WHERE id = $1",
            f"SELECT row_to_json(r)::text FROM (SELECT {_DEAL} FROM native_deal WHERE id = $1) r",
            lambda n: [deal(n)],
            page=1,
        ),
        Workload(
            "2 stage = and value >, top 50",
            "SELECT id, name, value, stage, probability FROM Deal"
            " WHERE stage = :stage AND value > :above ORDER BY value DESC NULLS LAST",
            lambda n: {"stage": "Negotiation", "above": _above(n)},
            _TOP,
            f"SELECT row_to_json(r)::text FROM ({_TOP}) r",
            lambda n: ["Negotiation", _above(n)],
        ),
        Workload(
            "3 owner =, by date, 50",
            "SELECT id, name, value, close_date FROM Deal WHERE owner = :owner"
            " ORDER BY close_date NULLS LAST",
            lambda n: {"owner": format_id("user", owner(n))},
            _OWNED,
            f"SELECT row_to_json(r)::text FROM ({_OWNED}) r",
            lambda n: [owner(n)],
        ),
        Workload(
            "6 company.industry =, top 50",
            "SELECT id, name, value, company.name FROM Deal"
            " WHERE company.industry = :industry AND value > :above"
            " ORDER BY value DESC NULLS LAST",
            lambda n: {"industry": "Biotechnology", "above": _above(n)},
            _JOINED.format("c.name AS company"),
            "SELECT row_to_json(r)::text FROM ("
            + _JOINED.format("json_build_object('id', c.id, 'name', c.name) AS company")
            + ") r",
            lambda n: ["Biotechnology", _above(n)],
        ),
        Workload(
            "10 by value, from a place far down",
            "SELECT id, name, value, stage FROM Deal ORDER BY value DESC NULLS LAST",
            lambda n: {},
            _KEYSET,
            f"SELECT row_to_json(r)::text FROM ({_KEYSET}) r",
            lambda n: [_above(n), FIRST_IDS["Deal"]],
            place=lambda n: Place((float(_above(n)),), FIRST_IDS["Deal"], 50),
        ),
    )


def _of_many(counts: Counts) -> tuple[Workload, ...]:
    def some_companies(n: int) -> list[int]:
        number = counts.of("Company")
        return [FIRST_IDS["Company"] + (n * 50 + k) % number * SPACING for k in range(50)]

    def month(n: int) -> tuple[date, date]:
        first = date(2023, 1, 1) + timedelta(days=30 * (n % 40))
        return first, first + timedelta(days=30)

    return (
        Workload(
            "4 date range, count",
            "SELECT COUNT() FROM Deal WHERE close_date >= :first AND close_date < :end",
            lambda n: dict(zip(("first", "end"), (d.isoformat() for d in month(n)), strict=True)),
            "SELECT count(*) FROM native_deal WHERE close_date >= $1 AND close_date < $2",
            "SELECT count(*) FROM native_deal WHERE close_date >= $1 AND close_date < $2",
            lambda n: list(month(n)),
        ),
        Workload(
            "5 group by stage, all rows",
            "SELECT stage, COUNT(id) deals, SUM(value) total FROM Deal GROUP BY stage",
            lambda n: {},
            _GROUPED,
            f"SELECT row_to_json(r)::text FROM ({_GROUPED}) r",
            lambda n: [],
            heavy=True,
        ),
        Workload(
            "7 deals of 50 companies",
            "SELECT id, name, (SELECT id, name, value FROM deals) FROM Company WHERE id IN :ids",
            lambda n: {"ids": [format_id("company", one) for one in some_companies(n)]},
            "SELECT c.id, c.name, d.id, d.name, d.value FROM native_company c"
            " LEFT JOIN native_deal d ON d.company = c.id WHERE c.id = ANY ($1) ORDER BY c.id",
            "SELECT row_to_json(r)::text FROM (SELECT c.id, c.name, (SELECT json_agg(k) FROM"
            " (SELECT d.id, d.name, d.value FROM native_deal d WHERE d.company = c.id) k) AS deals"
            " FROM native_company c WHERE c.id = ANY ($1) ORDER BY c.id) r",
            lambda n: [some_companies(n)],
        ),
        Workload(
            "8 field without index, full scan",
            "SELECT COUNT() FROM Deal WHERE next_step = :step",
            lambda n: {"step": f"Call on day {n % 1000}"},
            "SELECT count(*) FROM native_deal WHERE next_step = $1",
            "SELECT count(*) FROM native_deal WHERE next_step = $1",
            lambda n: [f"Call on day {n % 1000}"],
            heavy=True,
        ),
    )


def _above(n: int) -> int:
    return 300_000 + n * 997 % 300_000


_TOP: Final = (
    "SELECT id, name, value, stage, probability FROM native_deal WHERE stage = $1 AND value > $2"
    " ORDER BY value DESC, id DESC LIMIT 51"
)
_OWNED: Final = (
    "SELECT id, name, value, close_date FROM native_deal WHERE owner_id = $1"
    " ORDER BY close_date, id LIMIT 51"
)
_JOINED: Final = (
    "SELECT d.id, d.name, d.value, {} FROM native_deal d"
    " JOIN native_company c ON c.id = d.company WHERE c.industry = $1 AND d.value > $2"
    " ORDER BY d.value DESC, d.id DESC LIMIT 51"
)
_KEYSET: Final = (
    "SELECT id, name, value, stage FROM native_deal WHERE (value, id) < ($1, $2)"
    " ORDER BY value DESC, id DESC LIMIT 51"
)
_GROUPED: Final = (
    "SELECT stage, count(id) AS deals, sum(value) AS total FROM native_deal GROUP BY stage"
    " ORDER BY stage"
)

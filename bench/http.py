"""Requests per second of the API against a bare endpoint over a native table, in the same run.

    python -m bench.http [--rows 100000] [--seconds 3] [--turns 5] [--only list,get]

Both servers are one process of uvicorn with the same settings on the same PostgreSQL; they are
asked in turns, and the medians compared. The first column answers as the engine does, with the
names of what a record refers to; `plain` reads one native table and nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import Final

import uvloop

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.load import Target, answers_per_second, request_bytes
from bench.native import copy_tables
from bench.own_heaps import promote
from bench.recipes import FIRST_IDS, SPACING, Counts
from bench.rows import Neighbours, World, check_rows, fill
from bench.served import served
from fieldstone.ids import format_id
from fieldstone.metadata.values import write_json_bytes
from fieldstone.runtime.storage.rules import PROMOTE_ABOVE

TENANT: Final = "bench"
READS: Final = 0.5
_STAGES: Final = ("Lead", "Qualified", "Proposal", "Negotiation")
_SEEN: Final = 997


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of request. least: the share of the bare endpoint's answers that is aimed at."""

    name: str
    engine: tuple[bytes, ...]
    bare: tuple[bytes, ...]
    plain: tuple[bytes, ...] | None = None
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Rates:
    """Answers per second of each server in a case."""

    case: Case
    engine: float
    bare: float
    plain: float | None


def _ours(method: str, path: str, body: bytes = b"") -> bytes:
    return request_bytes(method, path, body, {"X-Tenant": TENANT})


def cases(counts: Counts) -> tuple[Case, ...]:
    """Give every kind of request that is compared."""
    deals = [FIRST_IDS["Deal"] + n * 7 % counts.deals * SPACING for n in range(_SEEN)]
    texts = [format_id("deal", deal) for deal in deals]
    above = range(400_000, 900_000, 5_000)
    fields = "name,value,stage,close_date,company.name"
    return (
        Case(
            "list, 5 fields of 50",
            (_ours("GET", f"/api/records/Deal?fields={fields}&limit=50"),),
            (request_bytes("GET", "/deals"),),
            least=READS,
        ),
        Case(
            "list, all fields of 50",
            (_ours("GET", "/api/records/Deal?limit=50"),),
            (request_bytes("GET", "/deals/whole"),),
            (request_bytes("GET", "/deals/plain"),),
            least=READS,
        ),
        Case(
            "list, filtered and sorted",
            tuple(
                _ours(
                    "GET",
                    "/api/records/Deal?fields=name,value,stage,probability&limit=50"
                    f"&where=stage%20%3D%20%27Negotiation%27%20AND%20value%20%3E%20{value}"
                    "&order_by=value%20desc",
                )
                for value in above
            ),
            tuple(
                request_bytes("GET", f"/deals/filtered?stage=Negotiation&above={value}")
                for value in above
            ),
            least=READS,
        ),
        Case(
            "get, all fields",
            tuple(_ours("GET", f"/api/records/Deal/{text}") for text in texts),
            tuple(request_bytes("GET", f"/deals/{deal}") for deal in deals),
            tuple(request_bytes("GET", f"/deals/{deal}/plain") for deal in deals),
            least=READS,
        ),
        Case(
            "aggregate by stage",
            (_ours("POST", "/api/query", write_json_bytes({"q": _GROUPS})),),
            (request_bytes("GET", "/stages"),),
            least=READS,
        ),
        *_writes(deals, texts),
    )


_GROUPS: Final = "SELECT stage, COUNT(id) deals, SUM(value) total FROM Deal GROUP BY stage"


def _writes(deals: Sequence[int], texts: Sequence[str]) -> Iterator[Case]:
    new = {
        "name": "A new deal",
        "value": 1234.5,
        "stage": "Proposal",
        "close_date": "2026-05-01",
        "next_step": "Call",
        "description": "They want to begin in spring and asked for terms.",
    }
    company, number = format_id("company", FIRST_IDS["Company"]), FIRST_IDS["Company"]
    ours, theirs = write_json_bytes({**new, "company": company}), {**new, "company": number}
    yield Case(
        "create",
        (_ours("POST", "/api/records/Deal", ours),),
        (request_bytes("POST", "/deals", write_json_bytes(theirs)),),
    )
    many = b"[" + b",".join([ours] * 200) + b"]"
    yield Case(
        "create 200",
        (_ours("POST", "/api/records/Deal", many),),
        (request_bytes("POST", "/deals", write_json_bytes([theirs] * 200)),),
    )
    for field, values in (("stage", _STAGES), ("next_step", ("Call", "Write", "Wait"))):
        bodies = [write_json_bytes({field: value}) for value in values]
        told = "with" if field == "stage" else "without"
        yield Case(
            f"update, a field {told} an index",
            tuple(
                _ours("PATCH", f"/api/records/Deal/{text}", bodies[n % len(bodies)])
                for n, text in enumerate(texts)
            ),
            tuple(
                request_bytes("PATCH", f"/deals/{deal}", bodies[n % len(bodies)])
                for n, deal in enumerate(deals)
            ),
        )


async def prepare(dsn: str, counts: Counts) -> World:
    """Fill a database for both servers."""
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        world = await fill(engine, owner, TENANT, counts, Neighbours())
        await check_rows(world, "Deal", (0, 1))
        await copy_tables(world, owner)
        large = [name for name in ("Deal", "Contact") if counts.of(name) > PROMOTE_ABOVE]
        if large:
            world = await promote(world, owner, *large)
        await owner.execute("CREATE SEQUENCE native_deal_id START 8000000000000000000")
        await owner.execute("VACUUM ANALYZE")
        return world


async def measure(case: Case, ports: tuple[int, int], options: argparse.Namespace) -> Rates:
    """Ask both servers in turns."""
    targets = {"engine": Target(ports[0], case.engine), "bare": Target(ports[1], case.bare)}
    if case.plain is not None:
        targets["plain"] = Target(ports[1], case.plain)
    rates: dict[str, list[float]] = {name: [] for name in targets}
    for target in targets.values():
        await answers_per_second(target, min(1.0, options.seconds), options.connections)
    for _ in range(options.turns):
        for name, target in targets.items():
            rates[name].append(
                await answers_per_second(target, options.seconds, options.connections)
            )
    plain = median(rates["plain"]) if "plain" in rates else None
    return Rates(case, median(rates["engine"]), median(rates["bare"]), plain)


def _row(rates: Rates) -> str:
    share = rates.engine / rates.bare
    least = rates.case.least
    mark = " (!)" if least is not None and share < least else ""
    plain = "" if rates.plain is None else f"{rates.engine / rates.plain:.2f}"
    aimed = "" if least is None else f"{least:.2f}"
    cells = (rates.case.name, f"{rates.bare:.0f}", f"{rates.engine:.0f}", f"{share:.2f}{mark}")
    return f"| {' | '.join((*cells, plain, aimed))} |"


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Compare the API with a bare endpoint.")
    parser.add_argument("--rows", type=int, default=100_000, help="deals")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--only", default="", help="cases whose names begin so, by comma")
    options = parser.parse_args()
    counts = Counts(options.rows)
    wanted = tuple(options.only.split(","))
    with ExitStack() as stack:
        dsn = stack.enter_context(a_database(stack.enter_context(a_directory())))
        asyncio.run(prepare(dsn, counts))
        ports = (
            stack.enter_context(served("fieldstone.platform.web", dsn)).port,
            stack.enter_context(served("bench.bare", dsn)).port,
        )
        print(f"\nAnswers per second, {options.rows} deals, {options.connections} connections\n")
        print("| | bare | engine | share | of plain | at least |\n|---|---:|---:|---:|---:|---:|")
        for case in cases(counts):
            if case.name.startswith(wanted):
                rates = uvloop.run(measure(case, ports, options))
                print(_row(rates), flush=True)


if __name__ == "__main__":
    main()

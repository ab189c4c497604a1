"""Questions of the past against the same of now, in turns, on one database.

    python -m bench.as_of [--rows 100000] [--changed 500] [--rounds 20]

A tenant has so many deals, each with what the log knows of its creation; some were changed since
the instant that is asked about, a quarter of them by being moved to another company.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any, Final

import uvloop

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.ratios import Compared, Work, compare, print_table
from bench.recipes import Counts
from bench.rows import World, fill
from fieldstone.ids import RecordId, format_id
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.records.write import Incoming, write
from fieldstone.runtime.transactions import Transaction

_QUESTIONS: Final = {
    "one company with its deals": "SELECT name, (SELECT name, value FROM deals) FROM Company{as_of}"
    " WHERE id = '{company}'",
    "one deal by its id": "SELECT name, stage, company.name FROM Deal{as_of} WHERE id = '{deal}'",
    "deals of a stage, top 50": "SELECT name FROM Deal{as_of} WHERE stage = 'Proposal'"
    " ORDER BY value DESC LIMIT 50",
    "deals by stage, counted": "SELECT stage, COUNT(id) FROM Deal{as_of} GROUP BY stage",
}
_AT_ONCE: Final = 100


async def change_some(world: World, changed: int) -> datetime:
    """Change some deals and give an instant before that."""
    before = datetime.now(UTC)
    for first in range(0, changed, _AT_ONCE):
        async with world.engine.database.write(world.tenant, world.viewer) as tx:
            deal = tx.catalog.get_object("Deal")
            numbers = range(first, min(first + _AT_ONCE, changed))
            incoming = [
                Incoming(
                    {deal.get_field(name): value for name, value in _values(world, n).items()},
                    id=RecordId(world.id_of("Deal", n)),
                )
                for n in numbers
            ]
            await write(tx, deal, incoming)
    return before


def _values(world: World, number: int) -> dict[str, Any]:
    if number % 4:
        return {"next_step": f"Call {number}"}
    return {"company": format_id("company", world.id_of("Company", number % 50))}


async def compare_instants(world: World, then: datetime, rounds: int) -> list[Compared]:
    """Compare the answers of now with those of an instant."""
    ids = {
        "company": format_id("company", world.id_of("Company", 7)),
        "deal": format_id("deal", world.id_of("Deal", 8)),
    }
    past = f" AS OF {then.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"
    rows = []
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        for name, text in _QUESTIONS.items():
            ways = {
                "now": _asking(tx, text.format(as_of="", **ids)),
                "as of": _asking(tx, text.format(as_of=past, **ids)),
            }
            rows.append(await compare(name, ways, rounds))
    return rows


def _asking(tx: Transaction, text: str) -> Work:
    async def work() -> object:
        return await answer(tx, Question.of_text(text, counts=False))

    return work


async def run(dsn: str, options: argparse.Namespace) -> None:
    """Fill a database, change some of it, and compare."""
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        world = await fill(engine, owner, "large", Counts(options.rows), None)
        then = await change_some(world, options.changed)
        await owner.execute("VACUUM ANALYZE")
        print_table("Of the past and of now", await compare_instants(world, then, options.rounds))


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Compare questions of the past with those of now.")
    parser.add_argument("--rows", type=int, default=100_000, help="deals")
    parser.add_argument("--changed", type=int, default=500, help="deals changed since")
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with a_directory() as directory, a_database(directory) as dsn:
        uvloop.run(run(dsn, options))


if __name__ == "__main__":
    main()

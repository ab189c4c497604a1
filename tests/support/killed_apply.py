"""Metadata changes in processes that are killed at a statement: python killed_apply.py DSN.

Each line of input is the number of a statement; what came of the process is told for each.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.runtime.metadata_plans import apply_planned
from tests.support.dying_database import DyingPool, dying_database
from tests.support.storage_world import a_storage_world

CHANGE = Proposal(
    upserts=(
        Component(
            "field", "Thing__c.amount", {"object": "Thing__c", "type": "text", "searchable": True}
        ),
        Component("picklist", "Sizes", {"label": "Sizes", "options": ["Small", "Large"]}),
    ),
    removals=(("field", "thing__c.story"),),
)


class KillingPool(DyingPool):
    """From statement number last on, nothing of the process is left."""

    def step(self) -> None:
        """Count one step."""
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def _apply(dsn: str, last: int) -> None:
    async with a_storage_world(dsn) as world:
        database = dying_database(world.engine.pool, last, KillingPool)
        async with database.change_metadata(world.tenant, world.viewer) as tx:
            await apply_planned(tx, CHANGE, None, {"field:Thing__c.story": 1_000})


def main(dsn: str) -> None:
    """Apply the change in a process for each line of input."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            asyncio.run(_apply(dsn, int(line)))
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        print("killed" if os.WIFSIGNALED(status) else "done", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])

"""A worker as a process of its own that runs one job on storage: python storage_job.py DSN JOB."""

from __future__ import annotations

import asyncio
import sys

from tests.support.storage_world import a_storage_world


async def main(dsn: str, job: int) -> None:
    """Run the job, in small steps, so that there is time to be killed."""
    async with a_storage_world(dsn) as world:
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        await world.with_rules(batch=20).run(job)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

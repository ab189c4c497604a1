"""The work that is the platform's own, and of no tenant: kinds of jobs, and what is done always."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any, Final

import asyncpg

from fieldstone.clock import Clock
from fieldstone.errors import FieldstoneError
from fieldstone.platform.settings import Settings
from fieldstone.platform.tenant_purge import PURGE_TENANT, purge_tenant, request_due_purges
from fieldstone.platform.tenants import Tenants
from fieldstone.platform.working_parts import files_of
from fieldstone.runtime.job_runs import JobFunction
from fieldstone.runtime.metering import fold_usage
from fieldstone.runtime.transactions import Database

LOGGER: Final = logging.getLogger("fieldstone.metering")
_FOLD_EVERY_S: Final = 30.0


def platform_jobs(settings: Settings, tenants: Tenants) -> Mapping[str, JobFunction]:
    """Give the table of kinds."""
    return {PURGE_TENANT: partial(purge_tenant, tenants=tenants, files=files_of(settings))}


async def purge_due(settings: Settings, database: Database, clock: Clock) -> int:
    """Have those tenants purged that were deleted long enough ago; how many."""
    kept = timedelta(days=settings.keep_deleted_tenants_days)
    return await request_due_purges(database, kept, clock.now())


async def keep_ledger(pool: Any, stopping: asyncio.Event) -> None:
    """Add up what tenants use into the ledger, twice a minute until stopping."""
    while not stopping.is_set():
        try:
            await fold_usage(pool)
        except (FieldstoneError, asyncpg.PostgresError, OSError):
            LOGGER.exception("the ledger was not brought up to date; it is tried again")
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), _FOLD_EVERY_S)

"""The kinds of jobs that are the platform's own, and of no tenant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from fieldstone.clock import Clock
from fieldstone.platform.job_kinds import files_of
from fieldstone.platform.settings import Settings
from fieldstone.platform.tenant_purge import PURGE_TENANT, purge_tenant, request_due_purges
from fieldstone.platform.tenants import Tenants
from fieldstone.runtime.job_runs import JobFunction
from fieldstone.runtime.transactions import Database


def platform_jobs(settings: Settings, tenants: Tenants) -> Mapping[str, JobFunction]:
    """Give the table of kinds."""
    return {PURGE_TENANT: partial(purge_tenant, tenants=tenants, files=files_of(settings))}


async def purge_due(settings: Settings, database: Database, clock: Clock) -> int:
    """Have those tenants purged that were deleted long enough ago; how many."""
    kept = timedelta(days=settings.keep_deleted_tenants_days)
    return await request_due_purges(database, kept, clock.now())

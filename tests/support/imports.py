"""Fixtures and helpers of imports: an application with a place for files, and uploads."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

from fieldstone.platform.job_kinds import job_kinds
from fieldstone.platform.platform_jobs import platform_jobs
from fieldstone.platform.worker import Worker
from fieldstone.runtime.jobs import Job
from tests.support.app import OTHER, Api, client_of, opened_app


@dataclass(frozen=True, slots=True)
class Desk:
    """An application that keeps files, as two tenants see it, and a worker for its jobs."""

    app: Starlette
    api: Api
    other: Api
    worker: Worker

    async def upload(
        self, content: str | bytes, *, path: str = "/import", status: int = 200, **fields: Any
    ) -> Any:
        """Send a file with form fields, check the status, and give the JSON of the answer."""
        body = content.encode() if isinstance(content, str) else content
        texts = {name: _field(value) for name, value in fields.items()}
        files = {"file": ("list.csv", body)}
        answer = await self.api.http.post(path, files=files, data=texts)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        return answer.json()

    async def run(self, job_id: int) -> Job | None:
        """Run a job of the tenant default, as a worker does."""
        tenant = await self.worker.engine.tenants.ensure_default()
        return await self.worker.run_job(tenant.id, job_id)

    async def names(self, plural: str = "companies") -> list[str]:
        """Give the names of an object's records in order of their making."""
        found = await self.api.get(f"/{plural}?limit=2000&order_by=id&fields=name")
        return [one["name"] for one in found["data"]]


def _field(value: Any) -> str:
    return json.dumps(value) if isinstance(value, Mapping) else str(value)


@asynccontextmanager
async def opened_desk(dsn: str, data: Path) -> AsyncIterator[Desk]:
    """Open an application with a place for files, for a block."""
    async with opened_app(dsn, data) as app, client_of(app) as api, client_of(app, OTHER) as other:
        settings, engine = app.state.settings, app.state.engine
        kinds = {**job_kinds(settings), **platform_jobs(settings, engine.tenants)}
        yield Desk(app, api, other, Worker(engine, kinds))

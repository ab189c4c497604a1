"""Pages as a browser without scripts meets them, and what they ask of the database."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.applications import Starlette

from tests.support.app import ADDRESS

TOKEN = re.compile(r'name="_csrf" value="([^"]+)"')
VERSION = re.compile(r'name="_version" value="(\d+)"')


@dataclass(slots=True)
class Browser:
    """Opens pages and sends forms. It follows no redirects, so that a test sees them."""

    http: httpx.AsyncClient

    async def open(self, path: str, status: int = 200) -> str:
        """Give the HTML of a page."""
        answer = await self.http.get(path)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:3000]}"
        return answer.text

    async def send(
        self,
        path: str,
        values: Mapping[str, Any],
        *,
        form: str | None = None,
        files: Any = None,
    ) -> httpx.Response:
        """Open the page of a form, fill it in and send it. form: where it stands, if elsewhere."""
        html = await self.open(form or path)
        token, version = TOKEN.search(html), VERSION.search(html)
        assert token, "the page has no form"
        hidden = {"_csrf": token[1], **({"_version": version[1]} if version else {})}
        return await self.http.post(path, data={**hidden, **values}, files=files)


@asynccontextmanager
async def browser_of(app: Starlette) -> AsyncIterator[Browser]:
    """Open a browser on an application in this process for a block."""
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, timeout=60) as http:
        yield Browser(http)


@dataclass(slots=True)
class Statements:
    """What was asked of the database, statement by statement."""

    asked: list[str] = field(default_factory=list)


@contextmanager
def counted_statements(app: Starlette) -> Iterator[Statements]:
    """Collect the statements of all transactions that an application opens, for a block."""
    database, found = app.state.database, Statements()
    pool = database._pool
    database._pool = _CountingPool(pool, found)
    try:
        yield found
    finally:
        database._pool = pool


@dataclass(slots=True)
class _CountingPool:
    """Lends connections that note what they are asked."""

    pool: Any
    found: Statements

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[_CountingConnection]:
        """Lend a connection."""
        async with self.pool.acquire() as connection:
            yield _CountingConnection(connection, self.found)


@dataclass(slots=True)
class _CountingConnection:
    """A connection that notes what it is asked."""

    connection: Any
    found: Statements

    async def fetch(self, sql: str, *arguments: Any, **more: Any) -> Any:
        self.found.asked.append(sql)
        return await self.connection.fetch(sql, *arguments, **more)

    async def fetchval(self, sql: str, *arguments: Any, **more: Any) -> Any:
        self.found.asked.append(sql)
        return await self.connection.fetchval(sql, *arguments, **more)

    async def execute(self, sql: str, *arguments: Any, **more: Any) -> Any:
        self.found.asked.append(sql)
        return await self.connection.execute(sql, *arguments, **more)

    def transaction(self) -> Any:
        return self.connection.transaction()

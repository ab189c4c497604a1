"""A database to measure on: PostgreSQL as `crm serve` starts it, in a directory of its own."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from fieldstone.platform.app import Engine, open_engine
from fieldstone.platform.database.migrate import migrate
from fieldstone.platform.database.schema_version import ensure_database
from fieldstone.platform.embedded.postgres import EmbeddedPostgres
from fieldstone.platform.settings import Settings

NAME = "bench"


@contextmanager
def a_directory() -> Iterator[Path]:
    """Give a directory for the length of a block, which other accounts may pass through."""
    path = Path(tempfile.mkdtemp(prefix="fieldstone-bench-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def a_database(directory: Path) -> Iterator[str]:
    """Start PostgreSQL with the settings of production and give the address of a new database."""
    with EmbeddedPostgres(directory / "postgres") as postgres:
        asyncio.run(ensure_database(postgres.dsn("postgres"), NAME))
        asyncio.run(migrate(postgres.dsn(NAME)))
        yield postgres.dsn(NAME)


@asynccontextmanager
async def an_engine(dsn: str) -> AsyncIterator[Engine]:
    """Open the engine on a database; no statement is cut short."""
    engine = await open_engine(Settings(database_url=dsn, statement_timeout_s=3600.0))
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def an_owner(dsn: str) -> AsyncIterator[Any]:
    """Open a connection of the database's owner, whom no policy holds."""
    connection = await asyncpg.connect(dsn, server_settings={"jit": "off", "timezone": "UTC"})
    try:
        yield connection
    finally:
        await connection.close()

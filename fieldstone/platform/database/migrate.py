"""Brings a database's schema up to date. Two processes that start at once take turns."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, func, make_url, select
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK_KEY: Final = 72_001


async def migrate(dsn: str) -> None:
    """Run the migrations that a database lacks, as its owner.

    dsn: a libpq URL such as postgresql://user@/name?host=/run/postgresql.
    """
    url = make_url(dsn).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(select(func.pg_advisory_lock(_LOCK_KEY)))
            await connection.commit()
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    connection.commit()


if __name__ == "__main__":
    asyncio.run(migrate(os.environ["FIELDSTONE_DATABASE_URL"]))

"""Whether a database has the schema that this version works with; cheap, for every start."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import Column, MetaData, Table, Text, select

from fieldstone.runtime.statements import prepare

_SCRIPTS: Final = Path(__file__).parent / "migrations" / "versions"
HEAD: Final = max(path.name[:4] for path in _SCRIPTS.glob("[0-9]*.py"))
_TABLE: Final = Table("alembic_version", MetaData(), Column("version_num", Text))
_VERSION: Final = prepare(select(_TABLE.c.version_num))


async def schema_version(dsn: str) -> str | None:
    """Give the version of a database's schema; None for an empty database."""
    connection: Any = await asyncpg.connect(dsn)
    try:
        version: str | None = await connection.fetchval(_VERSION.sql)
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return version


async def is_current(dsn: str) -> bool:
    """Tell whether no migration is missing."""
    return await schema_version(dsn) == HEAD


async def ensure_database(dsn: str, name: str) -> None:
    """Make the database of this name on the server of dsn, unless it is there."""
    connection: Any = await asyncpg.connect(dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.DuplicateDatabaseError:
        pass
    finally:
        await connection.close()

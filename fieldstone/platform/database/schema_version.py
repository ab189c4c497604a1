"""Whether a database has the schema that this version works with; cheap, for every start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg
from sqlalchemy import Column, MetaData, Table, Text, select

from fieldstone.runtime.statements import prepare

_SCRIPTS: Final = Path(__file__).parent / "migrations" / "versions"
HEAD: Final = max(path.name[:4] for path in _SCRIPTS.glob("[0-9]*.py"))
_TABLE: Final = Table("alembic_version", MetaData(), Column("version_num", Text))
_NAME: Final = "SELECT current_database()"
_VERSION: Final = prepare(select(_TABLE.c.version_num))


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database has. version: None if it is empty."""

    database: str
    version: str | None

    @property
    def is_current(self) -> bool:
        """Whether no migration is missing."""
        return self.version == HEAD


async def load_schema(dsn: str) -> Schema:
    """Give the name of a database, as the server has it, and what schema is in it."""
    connection: Any = await asyncpg.connect(dsn)
    try:
        database: str = await connection.fetchval(_NAME)
        try:
            return Schema(database, await connection.fetchval(_VERSION.sql))
        except asyncpg.UndefinedTableError:
            return Schema(database, None)
    finally:
        await connection.close()


async def ensure_database(dsn: str, name: str) -> None:
    """Make the database of this name on the server of dsn, unless it is there."""
    connection: Any = await asyncpg.connect(dsn)
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.DuplicateDatabaseError:
        pass
    finally:
        await connection.close()

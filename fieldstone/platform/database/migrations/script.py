"""How a migration runs a script of several statements: asyncpg's simple protocol takes them all."""

from __future__ import annotations

from alembic import op


def run(sql: str) -> None:
    """Run one or more SQL statements in the migration's transaction."""
    adapted = op.get_bind().connection.dbapi_connection
    assert adapted is not None
    adapted.run_async(lambda connection: connection.execute(sql))

"""The servers that all other integration tests stand on."""

from __future__ import annotations

import asyncpg
from redis import Redis

from tests.support.servers import PostgresServer


async def test_database_of_a_worker_has_the_newest_schema(database_dsn: str) -> None:
    connection = await asyncpg.connect(database_dsn)
    try:
        tables = await connection.fetch("SELECT FROM pg_tables WHERE tablename = 'alembic_version'")
    finally:
        await connection.close()

    assert len(tables) == 1


async def test_fresh_databases_are_apart(fresh_database_dsn: str, database_dsn: str) -> None:
    assert fresh_database_dsn != database_dsn


def test_database_address_keeps_the_servers_options() -> None:
    server = PostgresServer("postgresql://u:p@/postgres?host=/run/x")

    assert server.dsn("other") == "postgresql://u:p@/other?host=/run/x"


def test_valkey_answers(valkey_url: str) -> None:
    with Redis.from_url(valkey_url) as client:
        assert client.ping()

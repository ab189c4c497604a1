"""The pool of connections. They work as fieldstone_app, which owns nothing."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

ROLE: Final = "fieldstone_app"
_STATEMENTS_KEPT: Final = 1000


async def open_pool(
    dsn: str, *, size: int = 10, statement_timeout_s: float = 30.0, name: str = "fieldstone"
) -> Any:
    """Open a pool on a migrated database.

    dsn: a libpq URL. statement_timeout_s: PostgreSQL cancels what takes longer.
    """
    return await asyncpg.create_pool(
        dsn,
        min_size=1,
        max_size=size,
        statement_cache_size=_STATEMENTS_KEPT,
        max_inactive_connection_lifetime=300,
        reset=_keep,
        server_settings={
            "role": ROLE,
            "application_name": name,
            "statement_timeout": str(int(statement_timeout_s * 1000)),
            "jit": "off",
            "timezone": "UTC",
        },
    )


async def _keep(connection: Any) -> None:
    """Leave a returned connection as it is: each transaction sets what it needs when it opens."""

"""The table of the locks of records, as SQLAlchemy knows it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text

from fieldstone.metadata.tables import METADATA

RECORD_LOCK: Final = Table(
    "record_lock",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("record_id", BigInteger),
    Column("object_id", Integer),
    Column("reason", Text),
    Column("locked_at", DateTime(timezone=True)),
    Column("locked_by", BigInteger),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", BigInteger),
)

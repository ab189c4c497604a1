"""The table of what programs ask for, as SQLAlchemy knows it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Date, Integer, Table

from fieldstone.metadata.tables import METADATA

CLIENT_USE: Final = Table(
    "client_use",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("token_id", BigInteger, primary_key=True),
    Column("object_id", Integer, primary_key=True),
    Column("field_id", Integer, primary_key=True),
    Column("last_day", Date),
    Column("times", BigInteger),
)

"""The table of the list views that people keep for themselves, as SQLAlchemy knows it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.tables import METADATA

PERSONAL_VIEW: Final = Table(
    "personal_view",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("user_id", BigInteger),
    Column("object_id", Integer),
    Column("label", Text),
    Column("body", JSONB),
    Column("changed_at", DateTime(timezone=True)),
)

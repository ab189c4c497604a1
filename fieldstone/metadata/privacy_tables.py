"""The tables of legal holds and of requests about personal data, as SQLAlchemy knows them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.tables import METADATA

LEGAL_HOLD: Final = Table(
    "legal_hold",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("name", Text),
    Column("reason", Text),
    Column("placed_at", DateTime(timezone=True)),
    Column("placed_by", BigInteger),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", BigInteger),
    Column("end_reason", Text),
)
HELD_RECORD: Final = Table(
    "held_record",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("hold_id", BigInteger, primary_key=True),
    Column("record_id", BigInteger, primary_key=True),
    Column("object_id", Integer),
    Column("along", Boolean),
    Column("held_at", DateTime(timezone=True)),
    Column("held_by", BigInteger),
    Column("ended_at", DateTime(timezone=True)),
    Column("ended_by", BigInteger),
)
PRIVACY_REQUEST: Final = Table(
    "privacy_request",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text),
    Column("object_id", Integer),
    Column("record_id", BigInteger),
    Column("reason", Text),
    Column("plan", Text),
    Column("asked_at", DateTime(timezone=True)),
    Column("asked_by", BigInteger),
    Column("job_id", BigInteger),
    Column("finished_at", DateTime(timezone=True)),
    Column("report", JSONB),
    Column("digest", Text),
)

"""The tables of the chain of seals over the logs, as SQLAlchemy knows them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ARRAY, BigInteger, Column, DateTime, Integer, LargeBinary, Table, Text

from fieldstone.metadata.tables import METADATA

AUDIT_SEAL: Final = Table(
    "audit_seal",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("from_seq", BigInteger),
    Column("to_seq", BigInteger),
    Column("seqs", ARRAY(BigInteger)),
    Column("leaves", LargeBinary),
    Column("hash", LargeBinary),
    Column("key_id", Text),
    Column("signature", LargeBinary),
)
AUDIT_REDACTION: Final = Table(
    "audit_redaction",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("log_seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("log", Text),
    Column("how", Text),
    Column("of_seq", BigInteger),
    Column("seqs", ARRAY(BigInteger)),
    Column("was", LargeBinary),
    Column("digest", LargeBinary),
)

"""The tables of second factors and of the log of access, as SQLAlchemy knows them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.tables import METADATA

AUTHENTICATOR: Final = Table(
    "authenticator",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("user_id", BigInteger),
    Column("secret", LargeBinary),
    Column("created_at", DateTime(timezone=True)),
    Column("confirmed_at", DateTime(timezone=True)),
    Column("last_step", BigInteger),
)
RECOVERY_CODE: Final = Table(
    "recovery_code",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)
PASSKEY: Final = Table(
    "passkey",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("user_id", BigInteger),
    Column("credential_id", LargeBinary),
    Column("public_key", LargeBinary),
    Column("sign_count", BigInteger),
    Column("site", Text),
    Column("transports", ARRAY(Text)),
    Column("is_synced", Boolean),
    Column("name", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)
SIGN_IN_STEP: Final = Table(
    "sign_in_step",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("purpose", Text),
    Column("user_id", BigInteger),
    Column("challenge", LargeBinary),
    Column("tries", Integer),
    Column("method", Text),
    Column("voucher", LargeBinary),
    Column("vouched", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
)
ACCESS_EVENT: Final = Table(
    "access_event",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("user_id", BigInteger),
    Column("actor_id", BigInteger),
    Column("object_id", Integer),
    Column("record_id", BigInteger),
    Column("what", Text),
    Column("cause", JSONB),
    Column("details", JSONB),
    Column("address", Text),
    Column("log_seq", BigInteger),
    Column("salt", Uuid),
)

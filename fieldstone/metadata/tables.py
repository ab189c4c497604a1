"""The tables, as SQLAlchemy knows them. Their DDL is the migrations' alone.

Every record heap has the same columns, whether it is a tenant's leaf or an object's own heap, so
that one function gives the table of any of them by name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from fieldstone.metadata.slots import SLOTS, SlotKind

METADATA: Final = MetaData()
LEAVES: Final = 16
LEAF_PREFIX: Final = "record_p"
OWN_HEAP_PREFIX: Final = "record_x"

TENANT: Final = Table(
    "tenant",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("label", Text),
    Column("leaf", Text),
    Column("status", Text),
    Column("settings", JSONB),
    Column("created_at", DateTime(timezone=True)),
    Column("plan", Text),
    Column("limits", JSONB),
    Column("features", JSONB),
    Column("reason", Text),
    Column("deleted_at", DateTime(timezone=True)),
)
PLAN: Final = Table(
    "plan",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("label", Text),
    Column("limits", JSONB),
    Column("features", JSONB),
)
TENANT_EVENT: Final = Table(
    "tenant_event",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("number", Integer),
    Column("name", Text),
    Column("what", Text),
    Column("by_whom", Text),
    Column("details", JSONB),
    Column("at", DateTime(timezone=True)),
    Column("log_seq", BigInteger),
)
OPERATOR_TOKEN: Final = Table(
    "operator_token",
    METADATA,
    Column("id", BigInteger, primary_key=True),
    Column("token_hash", LargeBinary),
    Column("name", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
)
USAGE_LEDGER: Final = Table(
    "usage_ledger",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("meter", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("value", BigInteger),
)
USAGE_ENTRY: Final = Table(
    "usage_entry",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("day", Date),
    Column("meter", Text),
    Column("value", BigInteger),
)
CATALOG_VERSION: Final = Table(
    "catalog_version",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("version", BigInteger),
)
COMPONENT: Final = Table(
    "component",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("kind", Text),
    Column("name", Text),
    Column("package", Text),
    Column("body", JSONB),
    Column("storage", JSONB),
    Column("created_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("deleted_at", DateTime(timezone=True)),
)
COMPONENT_CHANGE: Final = Table(
    "component_change",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("version", BigInteger),
    Column("actor_id", BigInteger),
    Column("cause", JSONB),
    Column("component_id", Integer),
    Column("kind", Text),
    Column("name", Text),
    Column("operation", Text),
    Column("before", JSONB),
    Column("after", JSONB),
    Column("log_seq", BigInteger),
    Column("salt", Uuid),
)
LINK: Final = Table(
    "link",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("target_id", BigInteger, primary_key=True),
    Column("field_id", Integer, primary_key=True),
    Column("source_id", BigInteger, primary_key=True),
    Column("source_object_id", Integer),
)
RECORD_UNIQUE: Final = Table(
    "record_unique",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("object_id", Integer, primary_key=True),
    Column("field_id", Integer, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("record_id", BigInteger),
)
RECORD_SEARCH: Final = Table(
    "record_search",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("object_id", Integer),
    Column("txt", Text),
)
CHANGE: Final = Table(
    "change",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True), primary_key=True),
    Column("actor_id", BigInteger),
    Column("cause", JSONB),
    Column("object_id", Integer),
    Column("record_id", BigInteger),
    Column("version", Integer),
    Column("operation", Text),
    Column("before", JSONB),
    Column("after", JSONB),
    Column("salt", Uuid),
)
BIN: Final = Table(
    "bin",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("root_id", BigInteger, primary_key=True),
    Column("record_id", BigInteger, primary_key=True),
    Column("field_id", Integer, primary_key=True),
    Column("root_object_id", Integer),
    Column("object_id", Integer),
    Column("value", JSONB),
    Column("at", DateTime(timezone=True)),
    Column("actor_id", BigInteger),
)
COUNTER: Final = Table(
    "counter",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("field_id", Integer, primary_key=True),
    Column("value", BigInteger),
)
JOB: Final = Table(
    "job",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text),
    Column("arguments", JSONB),
    Column("state", Text),
    Column("progress", JSONB),
    Column("result", JSONB),
    Column("attempts", Integer),
    Column("cancel_requested", Boolean),
    Column("actor_id", BigInteger),
    Column("created_at", DateTime(timezone=True)),
    Column("run_after", DateTime(timezone=True)),
    Column("relayed_at", DateTime(timezone=True)),
    Column("heartbeat_at", DateTime(timezone=True)),
    Column("finished_at", DateTime(timezone=True)),
)
IDEMPOTENCY: Final = Table(
    "idempotency",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text),
    Column("status", Integer),
    Column("body", Text),
    Column("created_at", DateTime(timezone=True)),
)
FILE: Final = Table(
    "file",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("name", Text),
    Column("content_type", Text),
    Column("size_bytes", BigInteger),
    Column("sha256", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("created_by", BigInteger),
    Column("released_at", DateTime(timezone=True)),
)
IMPORT_ROW: Final = Table(
    "import_row",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("import_id", BigInteger, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("object_id", Integer),
    Column("outcome", Text),
    Column("fingerprint", LargeBinary),
    Column("record_id", BigInteger),
    Column("confidence", Float),
    Column("details", JSONB),
)

QUERY_USE: Final = Table(
    "query_use",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("object_id", Integer, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("equal", Text, primary_key=True),
    Column("ranged", Text, primary_key=True),
    Column("sorted", Text, primary_key=True),
    Column("times", BigInteger),
    Column("spent_us", BigInteger),
)
ADVICE_ACTION: Final = Table(
    "advice_action",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("advice", Text),
    Column("object_id", Integer),
    Column("fields", ARRAY(Integer)),
    Column("gave_way", Integer),
    Column("reason", Text),
    Column("at", DateTime(timezone=True)),
    Column("actor_id", BigInteger),
    Column("automatic", Boolean),
    Column("job", BigInteger),
    Column("undone_at", DateTime(timezone=True)),
    Column("undone_by", BigInteger),
    Column("undo_job", BigInteger),
)
ADVICE_SETTING: Final = Table(
    "advice_setting",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("automatic", Boolean),
    Column("at", DateTime(timezone=True)),
    Column("actor_id", BigInteger),
)
INDEX_ORDER: Final = Table(
    "index_order",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("object_id", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("columns", ARRAY(Text)),
    Column("doing", Text),
    Column("state", Text),
    Column("cancelled", Boolean),
    Column("done", BigInteger),
    Column("total", BigInteger),
    Column("problem", Text),
    Column("at", DateTime(timezone=True)),
)
MAINTENANCE: Final = Table(
    "maintenance",
    METADATA,
    Column("task", Text, primary_key=True),
    Column("done_at", DateTime(timezone=True)),
)
MEMBER: Final = Table(
    "member",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("email", Text),
    Column("password_hash", Text),
    Column("password_at", DateTime(timezone=True)),
    Column("is_administrator", Boolean),
    Column("created_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("acting_until", DateTime(timezone=True)),
    Column("is_service", Boolean),
    Column("language", Text),
)
PERMISSION_ASSIGNMENT: Final = Table(
    "permission_assignment",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("set_id", Integer, primary_key=True),
    Column("assigned_by", BigInteger),
    Column("assigned_at", DateTime(timezone=True)),
)
INVITATION: Final = Table(
    "invitation",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user_id", BigInteger),
    Column("created_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("resets_factors", Boolean),
)
SESSION: Final = Table(
    "session",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("token_hash", LargeBinary),
    Column("user_id", BigInteger),
    Column("created_at", DateTime(timezone=True)),
    Column("seen_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("address", Text),
    Column("agent", Text),
    Column("proved_at", DateTime(timezone=True)),
    Column("method", Text),
    Column("acting_id", BigInteger),
    Column("parent_id", BigInteger),
    Column("voucher", LargeBinary),
    Column("vouched", Text),
)
ACCESS_TOKEN: Final = Table(
    "access_token",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("token_hash", LargeBinary),
    Column("user_id", BigInteger),
    Column("name", Text),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
    Column("expires_at", DateTime(timezone=True)),
    Column("revoked_at", DateTime(timezone=True)),
    Column("scopes", ARRAY(Text)),
    Column("app", Text),
    Column("grant_id", BigInteger),
)
SIGN_IN: Final = Table(
    "sign_in",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("email", Text),
    Column("address", Text),
    Column("agent", Text),
    Column("outcome", Text),
)
SEALED_SECRET: Final = Table(
    "sealed_secret",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("sealed", LargeBinary),
    Column("changed_at", DateTime(timezone=True)),
    Column("changed_by", BigInteger),
)
IDENTITY_LINK: Final = Table(
    "identity_link",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("user_id", BigInteger),
    Column("created_at", DateTime(timezone=True)),
    Column("used_at", DateTime(timezone=True)),
)
PERSON_ROLE: Final = Table(
    "person_role",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
    Column("role_id", Integer),
)
TEAM: Final = Table(
    "team",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("name", Text),
    Column("description", Text),
    Column("parent_id", BigInteger),
    Column("created_at", DateTime(timezone=True)),
)
TEAM_MEMBER: Final = Table(
    "team_member",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("team_id", BigInteger, primary_key=True),
    Column("user_id", BigInteger, primary_key=True),
)
RECORD_SHARE: Final = Table(
    "record_share",
    METADATA,
    Column("tenant_id", Integer, primary_key=True),
    Column("record_id", BigInteger, primary_key=True),
    Column("principal", BigInteger, primary_key=True),
    Column("object_id", Integer),
    Column("level", Integer),
    Column("along", ARRAY(Integer)),
    Column("reason", Text),
    Column("at", DateTime(timezone=True)),
    Column("actor_id", BigInteger),
    Column("by_rule", Boolean),
)

_SLOT_COLUMNS: Final[dict[SlotKind, TypeEngine[Any]]] = {
    SlotKind.TEXT: Text(collation="C"),
    SlotKind.NUMBER: Float(),
    SlotKind.TIME: DateTime(),
    SlotKind.REFERENCE: BigInteger(),
}


@lru_cache(maxsize=1024)
def heap(name: str) -> Table:
    """Give the record table of this name: a leaf such as record_p03, or record_x123.

    The lists of a table's columns do not differ between heaps; each has a MetaData of its own.
    """
    assert name.startswith((LEAF_PREFIX, OWN_HEAP_PREFIX)), name
    slots: list[Column[Any]] = [
        Column(slot, _SLOT_COLUMNS[kind]) for kind, names in SLOTS.items() for slot in names
    ]
    return Table(
        name,
        MetaData(),
        Column("tenant_id", Integer, primary_key=True),
        Column("object_id", Integer),
        Column("id", BigInteger, primary_key=True),
        Column("version", Integer),
        Column("owner_id", BigInteger),
        Column("created_at", DateTime(timezone=True)),
        Column("created_by", BigInteger),
        Column("updated_at", DateTime(timezone=True)),
        Column("updated_by", BigInteger),
        Column("deleted_at", DateTime(timezone=True)),
        *slots,
        Column("data", JSONB),
        Column("data_long", JSONB),
    )

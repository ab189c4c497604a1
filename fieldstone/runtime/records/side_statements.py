"""The statements on the tables beside the heaps: links, unique values, search, the change log."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    DateTime,
    Integer,
    Table,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert

from fieldstone.metadata.tables import (
    BIN,
    CHANGE,
    COUNTER,
    FILE,
    LINK,
    RECORD_SEARCH,
    RECORD_UNIQUE,
)
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare

_TENANT: Final = parameter("tenant", Integer())
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_NOW: Final = parameter("now", DateTime(timezone=True))
_ACTOR: Final = parameter("actor", BigInteger())


def _insert_all(table: Table, *columns: str, **scalars: Any) -> Any:
    x = incoming(table, *columns)
    given = [_TENANT, *scalars.values(), *(x.c[name] for name in columns)]
    return insert(table).from_select(["tenant_id", *scalars, *columns], select(*given))


LOG: Final[Prepared] = prepare(
    _insert_all(
        CHANGE,
        "object_id",
        "record_id",
        "version",
        "operation",
        "before",
        "after",
        at=_NOW,
        actor_id=_ACTOR,
        cause=parameter("cause", JSONB()),
    )
)
ADD_LINKS: Final[Prepared] = prepare(
    _insert_all(
        LINK, "target_id", "field_id", "source_id", "source_object_id"
    ).on_conflict_do_nothing()
)


def _removed_links() -> Any:
    x = incoming(LINK, "field_id", "source_id")
    return delete(LINK).where(
        LINK.c.tenant_id == _TENANT,
        LINK.c.source_id == x.c.source_id,
        LINK.c.field_id == x.c.field_id,
    )


REMOVE_LINKS: Final[Prepared] = prepare(_removed_links())
LINKS_TO: Final[Prepared] = prepare(
    select(LINK.c.target_id, LINK.c.field_id, LINK.c.source_id, LINK.c.source_object_id)
    .where(LINK.c.tenant_id == _TENANT, LINK.c.target_id == func.any(_IDS))
    .order_by(LINK.c.source_object_id, LINK.c.source_id)
    .limit(parameter("most", Integer()))
)
REMOVE_ALL_LINKS_OF: Final[Prepared] = prepare(
    delete(LINK).where(LINK.c.tenant_id == _TENANT, LINK.c.source_id == func.any(_IDS))
)

CLAIM_UNIQUE: Final[Prepared] = prepare(
    _insert_all(RECORD_UNIQUE, "object_id", "field_id", "value", "record_id")
    .on_conflict_do_nothing()
    .returning(RECORD_UNIQUE.c.field_id, RECORD_UNIQUE.c.value)
)


def _held() -> Any:
    x = incoming(RECORD_UNIQUE, "object_id", "field_id", "value")
    return select(RECORD_UNIQUE.c.field_id, RECORD_UNIQUE.c.value, RECORD_UNIQUE.c.record_id).where(
        RECORD_UNIQUE.c.tenant_id == _TENANT,
        RECORD_UNIQUE.c.object_id == x.c.object_id,
        RECORD_UNIQUE.c.field_id == x.c.field_id,
        RECORD_UNIQUE.c.value == x.c.value,
    )


WHO_HOLDS: Final[Prepared] = prepare(_held())


def _released() -> Any:
    x = incoming(RECORD_UNIQUE, "field_id", "record_id")
    return delete(RECORD_UNIQUE).where(
        RECORD_UNIQUE.c.tenant_id == _TENANT,
        RECORD_UNIQUE.c.record_id == x.c.record_id,
        RECORD_UNIQUE.c.field_id == x.c.field_id,
    )


RELEASE_UNIQUE: Final[Prepared] = prepare(_released())
RELEASE_ALL_UNIQUE: Final[Prepared] = prepare(
    delete(RECORD_UNIQUE).where(
        RECORD_UNIQUE.c.tenant_id == _TENANT, RECORD_UNIQUE.c.record_id == func.any(_IDS)
    )
)


FILES: Final[Prepared] = prepare(
    select(FILE.c.id, FILE.c.name, FILE.c.content_type, FILE.c.size_bytes, FILE.c.created_by).where(
        FILE.c.tenant_id == _TENANT, FILE.c.id == func.any(_IDS)
    )
)


def _search() -> Any:
    fresh = _insert_all(RECORD_SEARCH, "id", "object_id", "txt")
    return fresh.on_conflict_do_update(
        index_elements=["tenant_id", "id"], set_={"txt": fresh.excluded.txt}
    )


ADD_SEARCH: Final[Prepared] = prepare(_insert_all(RECORD_SEARCH, "id", "object_id", "txt"))
PUT_SEARCH: Final[Prepared] = prepare(_search())
REMOVE_SEARCH: Final[Prepared] = prepare(
    delete(RECORD_SEARCH).where(
        RECORD_SEARCH.c.tenant_id == _TENANT, RECORD_SEARCH.c.id == func.any(_IDS)
    )
)

_TAKE: Final = insert(COUNTER).values(
    tenant_id=_TENANT,
    field_id=parameter("field", Integer()),
    value=parameter("first", BigInteger()),
)
TAKE_NUMBERS: Final[Prepared] = prepare(
    _TAKE.on_conflict_do_update(
        index_elements=["tenant_id", "field_id"],
        set_={"value": COUNTER.c.value + parameter("count", BigInteger())},
    ).returning(COUNTER.c.value)
)

ADD_TO_BIN: Final[Prepared] = prepare(
    _insert_all(
        BIN,
        "record_id",
        "field_id",
        "object_id",
        "value",
        root_id=parameter("root", BigInteger()),
        root_object_id=parameter("root_object", Integer()),
        at=_NOW,
        actor_id=_ACTOR,
    ).on_conflict_do_nothing()
)
IN_BIN: Final[Prepared] = prepare(
    select(BIN.c.record_id, BIN.c.field_id, BIN.c.object_id, BIN.c.value)
    .where(BIN.c.tenant_id == _TENANT, BIN.c.root_id == parameter("root", BigInteger()))
    .order_by(BIN.c.field_id, BIN.c.record_id)
)
REMOVE_FROM_BIN: Final[Prepared] = prepare(
    delete(BIN).where(BIN.c.tenant_id == _TENANT, BIN.c.root_id == func.any(_IDS))
)
ROOT_OF: Final[Prepared] = prepare(
    select(BIN.c.root_id, BIN.c.root_object_id)
    .where(
        BIN.c.tenant_id == _TENANT,
        BIN.c.record_id == parameter("id", BigInteger()),
        BIN.c.object_id == parameter("object", Integer()),
        BIN.c.field_id == 0,
    )
    .limit(1)
)
HISTORY: Final[Prepared] = prepare(
    select(
        CHANGE.c.seq,
        CHANGE.c.at,
        CHANGE.c.object_id,
        CHANGE.c.record_id,
        CHANGE.c.actor_id,
        CHANGE.c.cause,
        CHANGE.c.version,
        CHANGE.c.operation,
        CHANGE.c.before,
        CHANGE.c.after,
    )
    .where(
        CHANGE.c.tenant_id == _TENANT,
        CHANGE.c.record_id == parameter("id", BigInteger()),
        CHANGE.c.seq < parameter("before", BigInteger()),
    )
    .order_by(CHANGE.c.seq.desc())
    .limit(parameter("most", Integer()))
)

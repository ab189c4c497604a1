"""The logs as one: their entries in the order in which they were written, filtered and counted off.

Each log is asked for as many entries as a page has, by its own index, and the newest of all are
taken; so a page costs the same however long the logs are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.factor_tables import ACCESS_EVENT
from fieldstone.metadata.tables import CHANGE, COMPONENT_CHANGE
from fieldstone.runtime.statements import Prepared, parameter, prepare

RECORDS: Final = "change"
COMPONENTS: Final = "component_change"
EVENTS: Final = "access_event"
LOGS: Final = (RECORDS, COMPONENTS, EVENTS)
"""The logs that people read, by the names of their tables."""

_C: Final = CHANGE.c
_M: Final = COMPONENT_CHANGE.c
_E: Final = ACCESS_EVENT.c
_TENANT: Final = parameter("tenant", Integer())
_INSTANT: Final = DateTime(timezone=True)
_MOST: Final = parameter("most", Integer())
_ACTOR: Final = parameter("actor", BigInteger())
_USER: Final = parameter("user", BigInteger())
_OBJECT: Final = parameter("object", Integer())
_RECORD: Final = parameter("record", BigInteger())
_WORDS: Final = parameter("words", ARRAY(Text()))
_COMPONENT: Final = parameter("component", Text())
_FROM: Final = parameter("since", _INSTANT)
_UNTIL: Final = parameter("until", _INSTANT)
_TYPES: Final[Mapping[str, Any]] = {
    "log": Text(),
    "seq": BigInteger(),
    "at": _INSTANT,
    "actor_id": BigInteger(),
    "cause": JSONB(),
    "what": Text(),
    "user_id": BigInteger(),
    "object_id": Integer(),
    "record_id": BigInteger(),
    "version": BigInteger(),
    "component_kind": Text(),
    "component_name": Text(),
    "before": JSONB(),
    "after": JSONB(),
    "address": Text(),
}
_COLUMNS: Final[Mapping[str, Mapping[str, Any]]] = {
    RECORDS: {
        "seq": _C.seq,
        "at": _C.at,
        "actor_id": _C.actor_id,
        "cause": _C.cause,
        "what": _C.operation,
        "object_id": _C.object_id,
        "record_id": _C.record_id,
        "version": _C.version,
        "before": _C.before,
        "after": _C.after,
    },
    COMPONENTS: {
        "seq": _M.log_seq,
        "at": _M.at,
        "actor_id": _M.actor_id,
        "cause": _M.cause,
        "what": _M.operation,
        "version": _M.version,
        "component_kind": _M.kind,
        "component_name": _M.name,
        "before": _M.before,
        "after": _M.after,
    },
    EVENTS: {
        "seq": _E.log_seq,
        "at": _E.at,
        "actor_id": _E.actor_id,
        "cause": _E.cause,
        "what": _E.what,
        "user_id": _E.user_id,
        "object_id": _E.object_id,
        "record_id": _E.record_id,
        "after": _E.details,
        "address": _E.address,
    },
}
_FILTERS: Final[Mapping[str, Mapping[str, ColumnElement[bool]]]] = {
    RECORDS: {
        "actor": _C.actor_id == _ACTOR,
        "object": _C.object_id == _OBJECT,
        "record": _C.record_id == _RECORD,
        "words": _C.operation == func.any(_WORDS),
    },
    COMPONENTS: {
        "actor": _M.actor_id == _ACTOR,
        "component": func.lower(_M.name).like(_COMPONENT),
        "words": _M.operation == func.any(_WORDS),
    },
    EVENTS: {
        "actor": _E.actor_id == _ACTOR,
        "user": _E.user_id == _USER,
        "object": _E.object_id == _OBJECT,
        "record": _E.record_id == _RECORD,
        "words": _E.what == func.any(_WORDS),
    },
}
"""What each log can be asked by; a log that cannot be has no such entries."""

_EVERYWHERE: Final = frozenset({"since", "until", "events"})
"""What no log is left out for."""


def asked_logs(filters: frozenset[str], logs: frozenset[str]) -> tuple[str, ...]:
    """Give those of some logs that have entries of the kind that is asked for."""
    asked = filters - _EVERYWHERE
    return tuple(log for log in LOGS if log in logs and asked <= _FILTERS[log].keys())


@lru_cache(maxsize=256)
def entries(logs: tuple[str, ...], filters: frozenset[str]) -> Prepared:
    """Build the newest entries of some logs before a place, filtered by what is named.

    Parameters: tenant, before, most, and one of each filter: actor, user, object, record, words,
    component, since, until. events: the words of the events that are wanted.
    """
    found = union_all(*(_newest(log, filters) for log in logs)).subquery("e")
    return prepare(select(*found.c).order_by(found.c.seq.desc()).limit(_MOST))


def _newest(log: str, filters: frozenset[str]) -> Select[Any]:
    columns = _COLUMNS[log]
    own = {
        name: cast(columns.get(name, null()), type_)
        for name, type_ in _TYPES.items()
        if name != "log"
    }
    seq, at = columns["seq"], columns["at"]
    conditions = [seq.table.c.tenant_id == _TENANT, seq < parameter("before", BigInteger())]
    conditions += [made for name, made in _FILTERS[log].items() if name in filters]
    if log == EVENTS and "events" in filters:
        conditions.append(_E.what == func.any(parameter("events", ARRAY(Text()))))
    conditions += [at >= _FROM] if "since" in filters else []
    conditions += [at < _UNTIL] if "until" in filters else []
    some = (
        select(literal(log, literal_execute=True).label("log"), *_labelled(own))
        .where(*conditions)
        .order_by(seq.desc())
        .limit(_MOST)
    )
    return select(*some.subquery(log).c)


def _labelled(columns: Mapping[str, Any]) -> list[Any]:
    return [column.label(name) for name, column in columns.items()]

"""The views that people keep for themselves: rows of a table, one person's each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Integer, Text, delete, insert, select, update
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import Conflict
from fieldstone.ids import ObjectId, RecordId
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import JsonObject, read_json, write_json
from fieldstone.metadata.view_tables import PERSONAL_VIEW
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_VIEWS: Final = 100
"""How many views of one object somebody keeps."""

_V: Final = PERSONAL_VIEW.c
_TENANT: Final = parameter("tenant", Integer())
_USER: Final = parameter("user", BigInteger())
_OBJECT: Final = parameter("object", Integer())
_ID: Final = parameter("id", BigInteger())
_SAID: Final = {
    "label": parameter("label", Text()),
    "body": parameter("body", JSONB()),
    "changed_at": parameter("now", DateTime(timezone=True)),
}
_OWN: Final = (
    _V.tenant_id == _TENANT,
    _V.object_id == _OBJECT,
    _V.user_id.is_not_distinct_from(_USER),
)
_LIST: Final = prepare(
    select(_V.id, _V.object_id, _V.label, _V.body).where(*_OWN).order_by(_V.id).limit(MOST_VIEWS)
)
_PUT: Final = prepare(
    insert(PERSONAL_VIEW).values(
        tenant_id=_TENANT, id=_ID, user_id=_USER, object_id=_OBJECT, **_SAID
    )
)
_CHANGE: Final = prepare(update(PERSONAL_VIEW).where(*_OWN, _V.id == _ID).values(**_SAID))
_DROP: Final = prepare(delete(PERSONAL_VIEW).where(*_OWN, _V.id == _ID))
_FORGET: Final = prepare(
    delete(PERSONAL_VIEW).where(_V.tenant_id == _TENANT, _V.object_id == _OBJECT)
)
_EVERY: Final = prepare(
    select(_V.id, _V.object_id, _V.label, _V.body).where(_V.tenant_id == _TENANT)
)
_FOLLOW: Final = prepare(
    update(PERSONAL_VIEW)
    .where(_V.tenant_id == _TENANT, _V.id == _ID)
    .values(body=parameter("body", JSONB()))
)


class TooManyViews(Conflict):
    """One view more than somebody may keep of an object."""

    code = "view.too_many"


@dataclass(frozen=True, slots=True)
class PersonalView:
    """A view that somebody keeps. body: as a list_view's, but for its object and label."""

    id: RecordId
    label: str
    body: JsonObject
    object_id: int = 0


async def personal_views(tx: Transaction, obj: ObjectDef) -> list[PersonalView]:
    """Give the viewer's own views of an object, the oldest first."""
    return [_read(row) for row in await tx.rows(_LIST, **_whose(tx, obj))]


async def keep_view(tx: Transaction, obj: ObjectDef, view: PersonalView | None, **said: str) -> int:
    """Keep a view for the viewer, or keep one that there is as it is said now; give its id.

    said: label and body, the body as JSON text. Raises TooManyViews.
    """
    known = {**_whose(tx, obj), **said, "now": tx.now}
    if view is not None:
        await tx.run(_CHANGE, id=view.id, **known)
        return view.id
    if len(await personal_views(tx, obj)) >= MOST_VIEWS:
        message = f"You keep {MOST_VIEWS} views of {obj.plural_label} already."
        raise TooManyViews(message, hint="Delete one that you use no more.")
    number = tx.minter.mint()
    await tx.run(_PUT, id=number, **known)
    return number


async def drop_view(tx: Transaction, obj: ObjectDef, number: int) -> None:
    """Delete one of the viewer's own views."""
    await tx.run(_DROP, id=number, **_whose(tx, obj))


async def forget_views(tx: Transaction, object_id: ObjectId) -> None:
    """Delete everybody's views of an object that is purged."""
    await tx.run(_FORGET, tenant=tx.tenant.id, object=object_id)


async def follow_renames(tx: Transaction, follow: Callable[[PersonalView], JsonObject]) -> None:
    """Have everybody's views say what is called otherwise now. follow: gives the new body."""
    for row in await tx.rows(_EVERY, tenant=tx.tenant.id):
        view = _read(row)
        after = follow(view)
        if after != view.body:
            await tx.run(_FOLLOW, tenant=tx.tenant.id, id=view.id, body=write_json(after))


def _whose(tx: Transaction, obj: ObjectDef) -> dict[str, object]:
    return {"tenant": tx.tenant.id, "user": tx.viewer.user_id, "object": obj.id}


def _read(row: Any) -> PersonalView:
    body = read_json(row["body"])
    assert isinstance(body, dict)
    return PersonalView(RecordId(row["id"]), row["label"], body, row["object_id"])

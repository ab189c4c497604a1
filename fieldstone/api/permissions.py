"""Endpoints of permission sets, of who has them, and of why somebody may do something.

The sets themselves are components, at /api/metadata/components/permission_set.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadParameter,
    json_response,
    read_object,
    whole_number,
)
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.access_reasons import Reason, explain_field, explain_object
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.component import Component
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.kinds.registry import PERMISSION_SET
from fieldstone.metadata.permission_set import PermissionSet
from fieldstone.metadata.rights import Rights, SetupArea
from fieldstone.metadata.values import Json
from fieldstone.metadata.visible import visible_field, visible_object
from fieldstone.runtime.access.explaining import explain_record, object_of_record, reasons_of
from fieldstone.runtime.access.proposals import read_said, resolve
from fieldstone.runtime.access.record_counts import RecordChange
from fieldstone.runtime.access_preview import Preview, preview_access, preview_set
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.permissions import (
    Assignment,
    assign,
    check_permissions,
    count_holders,
    find_person,
    get_set,
    holders_of,
    revoke,
    sets_in,
    sets_of,
    standing_of,
)
from fieldstone.runtime.records.write import UnknownRecord, record_id
from fieldstone.runtime.transactions import Transaction

_USER: Final = "user"
_LAST: Final = 2**63 - 1


async def list_sets(request: Request) -> Response:
    """GET /api/permission-sets: the permission sets, and how many people have each."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, 2**31 - 1, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        counts = await count_holders(tx)
        found = sorted(
            (one for one in sets_in(tx.catalog) if one.id > after), key=lambda one: one.id
        )
        shown = [_shown_set(tx, one, counts.get(one.id, 0)) for one in found[:limit]]
    following = str(found[limit - 1].id) if len(found) > limit else None
    return json_response({"permission_sets": shown, "next": following})


async def list_holders(request: Request) -> Response:
    """GET /api/permission-sets/{name}/people: who has a permission set."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    after = whole_number(request, "cursor", 0, _LAST, least=0)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_permissions(tx)
        one = get_set(tx.catalog, request.path_params["name"])
        found = await holders_of(tx, one, after, limit + 1)
    following = str(found[limit - 1].user_id) if len(found) > limit else None
    return json_response({"people": [_shown(one) for one in found[:limit]], "next": following})


async def preview_permission_set(request: Request) -> Response:
    """POST /api/permission-sets/{name}/preview: what people would gain and lose by a change.

    The body is the set as it would be, without its name; nothing is saved.
    """
    body = {key: value for key, value in (await read_object(request)).items() if key != "name"}
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_permissions(tx)
        known = get_set(tx.catalog, request.path_params["name"])
        body.pop("package", None)
        proposed = Component(PERMISSION_SET.name, known.name, body, known.package)
        found = await preview_set(tx, proposed)
    return json_response(_shown_preview(found))


async def preview_change(request: Request) -> Response:
    """POST /api/access/preview: who would lose and gain what by a change; nothing is saved.

    {"components": [...], "removals": [...], "people": [...], "teams": [...]}, each if wished.
    """
    said = read_said(await read_object(request))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(_shown_preview(await preview_access(tx, await resolve(tx, said))))


async def list_sets_of_person(request: Request) -> Response:
    """GET /api/people/{id}/permission-sets: the permission sets that somebody has."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        user_id = await _other(tx, request.path_params["id"])
        shown = [_shown(one) for one in await sets_of(tx, user_id)]
    return json_response({"permission_sets": shown})


async def assign_set(request: Request) -> Response:
    """PUT /api/people/{id}/permission-sets/{name}: give somebody a permission set."""
    async with _writing(request) as tx:
        check_permissions(tx)
        user_id = await find_person(tx, request.path_params["id"])
        await assign(tx, user_id, get_set(tx.catalog, request.path_params["name"]))
        shown = [_shown(one) for one in await sets_of(tx, user_id)]
    return json_response({"permission_sets": shown})


async def revoke_set(request: Request) -> Response:
    """DELETE /api/people/{id}/permission-sets/{name}: take a permission set from somebody."""
    async with _writing(request) as tx:
        check_permissions(tx)
        user_id = await find_person(tx, request.path_params["id"])
        await revoke(tx, user_id, get_set(tx.catalog, request.path_params["name"]))
    return Response(status_code=204)


async def explain(request: Request) -> Response:
    """GET /api/access/explain: why somebody may or may not do something.

    object= or record= and, with field=, one of the fields; user= is an id or an e-mail address,
    and whoever asks where it is missing. Of a record, whoever asks sees it themselves.
    """
    asked = request.query_params
    record = asked.get("record")
    name, _, own = asked.get("object", "").partition(".")
    if not name and not record:
        raise BadParameter("Say which object it is about.", at="/object", hint="object=Deal")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        user_id, standing = tx.viewer.user_id, tx.viewer.standing
        if asked.get("user"):
            user_id = await _other(tx, asked["user"])
            standing = await standing_of(tx, user_id)
        # Who explains the rights of others sees names as the sets have them, and never a value.
        everything = tx.rights.may_set_up(SetupArea.PERMISSIONS)
        rights = tx.as_system().rights if everything else tx.rights
        obj = _of_record(tx, record, rights) if record else visible_object(tx.catalog, rights, name)
        wanted = (asked.get("field") or own).removeprefix(f"{obj.name}.")
        field = visible_field(obj, rights, wanted, at="/field") if wanted else None
        of_field = () if field is None else explain_field(tx.catalog, standing, obj, field)
        if record:
            told = await explain_record(tx, obj, record_id(obj, record), user_id)
            reasons = reasons_of(told, of_field)
        else:
            reasons = of_field or explain_object(tx.catalog, standing, obj)
    return json_response(
        {
            "user": None if user_id is None else format_id(_USER, user_id),
            "object": obj.name,
            "record": record,
            "field": None if field is None else field.name,
            "reasons": _shown_reasons(reasons),
        }
    )


def _of_record(tx: Transaction, text: str, rights: Rights) -> ObjectDef:
    """Give the object of a record by its id. Raises UnknownRecord."""
    found = object_of_record(tx, text, rights)
    if found is None:
        raise UnknownRecord(f"There is no record {text[:80]}.")
    return found


async def _other(tx: Transaction, text: str) -> RecordId:
    """Give whom a caller asks about, who may be themselves. Raises Forbidden, UnknownPerson."""
    if not tx.rights.may_set_up(SetupArea.PERMISSIONS):
        me = tx.viewer.user_id
        if me is None or text not in (format_id(_USER, me), tx.viewer.name):
            check_permissions(tx)
    return await find_person(tx, text)


def _writing(request: Request) -> AbstractAsyncContextManager[Transaction]:
    return database_of(request).write(tenant_of(request), viewer_of(request), cause_of(request))


def _shown_preview(found: Preview) -> dict[str, Json]:
    changes: list[Json] = [
        {
            "object": one.object,
            "field": one.field or None,
            "right": one.right,
            "gain": one.gain,
            "lose": one.lose,
            "words": one.words,
        }
        for one in found.changes
    ]
    records = None if found.records is None else [_shown_records(one) for one in found.records]
    return {
        "affected": found.affected,
        "changes": changes,
        "more": found.is_cut,
        "records": records,
        "words": list(found.words),
    }


def _shown_records(one: RecordChange) -> dict[str, Json]:
    told = one.difference
    return {
        "object": one.object.name,
        "right": one.level.word,
        "people_lose": None if told is None else len(told.losers),
        "records_lost": None if told is None else told.lost,
        "people_gain": None if told is None else len(told.gainers),
        "records_gained": None if told is None else told.gained,
        "words": list(one.words),
    }


def _shown_set(tx: Transaction, one: PermissionSet, people: int) -> dict[str, Json]:
    known = tx.catalog.permission_sets
    return {
        "name": one.name,
        "label": one.label,
        "description": one.description,
        "is_profile": one.is_profile,
        "package": one.package,
        "includes": [known[number].name for number in one.includes if number in known],
        "people": people,
    }


def _shown(one: Assignment) -> dict[str, Json]:
    by = one.assigned_by
    return {
        "name": one.set.name,
        "label": one.set.label,
        "user": format_id(_USER, one.user_id),
        "assigned_by": None if by is None else format_id(_USER, by),
        "assigned_at": write_instant(one.assigned_at),
    }


def _shown_reasons(reasons: Iterable[Reason]) -> list[Json]:
    return [
        {
            "right": one.right,
            "allowed": one.allowed,
            "words": one.words,
            "through": list(one.through),
        }
        for one in reasons
    ]


ROUTES: Final = (
    Route("/api/permission-sets", list_sets, methods=["GET"]),
    Route("/api/permission-sets/{name}/people", list_holders, methods=["GET"]),
    Route("/api/permission-sets/{name}/preview", preview_permission_set, methods=["POST"]),
    Route("/api/people/{id}/permission-sets", list_sets_of_person, methods=["GET"]),
    Route("/api/people/{id}/permission-sets/{name}", assign_set, methods=["PUT"]),
    Route("/api/people/{id}/permission-sets/{name}", revoke_set, methods=["DELETE"]),
    Route("/api/access/explain", explain, methods=["GET"]),
    Route("/api/access/preview", preview_change, methods=["POST"]),
)

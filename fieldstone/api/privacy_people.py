"""Endpoints for everything about one person: to look at it, be given it, and have it erased."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.privacy_holds import shown_user
from fieldstone.api.requests import (
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    BadParameter,
    json_response,
    read_object,
    whole_number,
)
from fieldstone.ids import MAX_RECORD_ID, BadId, ObjectId, RecordId, format_id, parse_id
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.privacy import requests
from fieldstone.runtime.privacy.finding import Dossier, Found
from fieldstone.runtime.privacy.requests import Asked, PrivacyRequest, RequestKind, UnknownRequest
from fieldstone.runtime.transactions import Transaction

_MOST_SHOWN: Final = 200
_MOST_KEPT: Final = 1_000


async def look_at_person(request: Request) -> Response:
    """GET /api/privacy/people/{id}: all that is found about a person, and what erasing would do.

    keep: ids of records, parted by commas, that are to be left as they are. The plan that is told
    goes with a request to erase.
    """
    kept = _kept(request.query_params.get("keep", "").split(","))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await requests.look_at(tx, request.path_params["id"], kept)
        return json_response(shown_dossier(found))


async def ask_about_person(request: Request) -> Response:
    """POST /api/privacy/requests: {"kind", "person", "reason"?, "plan"?, "keep"?} as a job.

    kind: export, erase or anonymise. person: the id of a record. plan: what GET
    /api/privacy/people/{id} told, so that nothing is erased that nobody looked at.
    """
    body = await read_object(request)
    texts = {name: body.get(name) or "" for name in ("kind", "person", "reason", "plan")}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise BadJson(f"{name} must be a text.", at=f"/{name}")
    if texts["kind"] not in {one.value for one in RequestKind}:
        raise BadJson("kind must be export, erase or anonymise.", at="/kind")
    keep = body.get("keep") or ()
    if not isinstance(keep, list | tuple) or not all(isinstance(one, str) for one in keep):
        raise BadJson("keep must be a list of ids.", at="/keep")
    asked = Asked(
        RequestKind(str(texts["kind"])),
        str(texts["person"]),
        str(texts["reason"]),
        str(texts["plan"]),
        _kept([str(one) for one in keep]),
    )
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        made = await requests.ask(tx, asked)
        return json_response(shown_request(tx, made), 202)


async def list_privacy_requests(request: Request) -> Response:
    """GET /api/privacy/requests: what was asked about people, the newest first."""
    limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
    cursor = request.query_params.get("cursor")
    before = MAX_RECORD_ID if cursor is None else _number(cursor)
    if before is None:
        raise BadParameter("cursor is none of this list.", at="/cursor")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        found = await requests.list_requests(tx, before, limit + 1)
        shown = [shown_request(tx, one) for one in found[:limit]]
    following = found[limit - 1].text if len(found) > limit else None
    return json_response({"requests": shown, "next": following})


async def get_privacy_request(request: Request) -> Response:
    """GET /api/privacy/requests/{id}: one request, with the proof of what came of it."""
    number = _number(request.path_params["id"])
    if number is None:
        raise UnknownRequest(f"There is no request {request.path_params['id'][:80]}.")
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return json_response(shown_request(tx, await requests.get_request(tx, number)))


def shown_dossier(one: Dossier) -> dict[str, Json]:
    """Give what was found about a person, as JSON."""
    person = one.person
    return {
        "id": person.text,
        "type": person.object.name,
        "name": person.name,
        "addresses": list(person.addresses),
        "counts": [
            {"object": obj.name, "outcome": what.value, "count": count}
            for obj, what, count in one.counts()
        ],
        "records": [_shown_found(found) for found in one.found[:_MOST_SHOWN]],
        "held": len(one.held),
        "definitions": list(one.definitions),
        "plan": one.digest,
    }


def _shown_found(one: Found) -> dict[str, Json]:
    return {
        "id": one.text,
        "type": one.object.name,
        "name": one.title or None,
        "found_by": one.how.value,
        "outcome": one.outcome.value,
    }


def shown_request(tx: Transaction, one: PrivacyRequest) -> dict[str, Json]:
    """Give a request as JSON."""
    obj = tx.catalog.by_id.get(ObjectId(one.object_id))
    return {
        "id": one.text,
        "kind": one.kind.value,
        "person": None if obj is None else format_id(obj.prefix, one.record_id),
        "reason": one.reason,
        "state": one.state,
        "asked_at": one.asked_at.isoformat(),
        "asked_by": shown_user(tx, one.asked_by),
        "job": one.job,
        "finished_at": None if one.finished_at is None else one.finished_at.isoformat(),
        "report": one.report,
        "digest": one.digest,
        "problems": one.problems,
    }


def _kept(texts: list[str]) -> tuple[RecordId, ...]:
    wanted = [one for one in texts if one]
    if len(wanted) > _MOST_KEPT:
        raise BadParameter(f"At most {_MOST_KEPT} records are kept.", at="/keep")
    try:
        return tuple(parse_id(one)[1] for one in wanted)
    except BadId as error:
        raise BadParameter("keep must be ids of records.", at="/keep") from error


def _number(text: str) -> int | None:
    try:
        prefix, number = parse_id(text)
    except BadId:
        return None
    return number if prefix == requests.PREFIX else None


_REQUESTS: Final = "/api/privacy/requests"
ROUTES: Final = (
    Route("/api/privacy/people/{id}", look_at_person, methods=["GET"]),
    Route(_REQUESTS, ask_about_person, methods=["POST"]),
    Route(_REQUESTS, list_privacy_requests, methods=["GET"]),
    Route(f"{_REQUESTS}/{{id}}", get_privacy_request, methods=["GET"]),
)

"""Endpoints for records of any object: /api/records/{object}[/{id}]."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache, partial
from typing import Final

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.objects import visible_object
from fieldstone.api.requests import (
    BULK_LIMIT_BYTES,
    MOST_PER_PAGE,
    PAGE_SIZE,
    BadJson,
    BadParameter,
    json_response,
    number_in,
    read_object,
    read_value,
    text_response,
    whole_number,
)
from fieldstone.errors import Problem
from fieldstone.ids import BadId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.values import Json, JsonObject, write_json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.idempotency import earlier_answer, keep_answer
from fieldstone.runtime.records.delete import delete, delete_all, restore
from fieldstone.runtime.records.draft import Outcome
from fieldstone.runtime.records.history import history_page
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.showing import ListRequest, list_page, record_text, record_values
from fieldstone.runtime.records.upsert import upsert
from fieldstone.runtime.records.write import (
    Incoming,
    StaleVersion,
    UnknownRecord,
    incoming_of,
    record_id,
    sent_version,
    write,
)
from fieldstone.runtime.transactions import Transaction, again_if_it_collides

_VERSION_HEADER: Final = "if-match"
_KEY_HEADER: Final = "idempotency-key"
_LONGEST_KEY: Final = 255
_SHORT: Final = 500
_LISTS_KEPT: Final = 1_000

Work = Callable[[Transaction], Awaitable[tuple[int, str]]]


async def list_records(request: Request) -> Response:
    """GET /api/records/{object}: a page of records.

    fields=, where=, order_by=, limit=, cursor=, count= narrow and shape it; as_of= looks back.
    """
    wanted = list_request(request)

    async def show(tx: Transaction) -> Response:
        obj = visible_object(tx, request.path_params["object"])
        page = await list_page(tx, obj, wanted)
        total = "" if page.total is None else f', "total": {page.total}'
        after = write_json(page.next)
        return text_response(f'{{"records": [{",".join(page.records)}], "next": {after}{total}}}')

    return await database_of(request).ask(tenant_of(request), viewer_of(request), show)


def list_request(request: Request) -> ListRequest:
    """Read the parameters that every list takes. Raises BadParameter."""
    written: bytes = request.scope["query_string"]
    return _short_list(written) if len(written) <= _SHORT else _list_of(written)


@lru_cache(maxsize=_LISTS_KEPT)
def _short_list(written: bytes) -> ListRequest:
    return _list_of(written)


def _list_of(written: bytes) -> ListRequest:
    asked = QueryParams(written)
    return ListRequest(
        fields=_names(asked.get("fields")),
        where=asked.get("where"),
        order_by=asked.get("order_by"),
        limit=number_in(asked, "limit", PAGE_SIZE, MOST_PER_PAGE),
        cursor=asked.get("cursor") or None,
        count=asked.get("count") in ("1", "true"),
        as_of=asked.get("as_of") or None,
    )


async def get_record(request: Request) -> Response:
    """GET /api/records/{object}/{id}: one record, its version as ETag; as_of= looks back."""

    async def show(tx: Transaction) -> Response:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        fields = _names(request.query_params.get("fields"))
        return await shown(request, tx, obj, number, fields)

    return await database_of(request).ask(tenant_of(request), viewer_of(request), show)


async def shown(
    request: Request,
    tx: Transaction,
    obj: ObjectDef,
    number: RecordId,
    fields: tuple[str, ...] | None,
) -> Response:
    """Answer with one record as it is, or as it was where the address says as_of."""
    as_of = request.query_params.get("as_of") or None
    text, version = await record_text(tx, obj, number, fields, as_of)
    # Of the past there is no version to write against.
    return text_response(text) if as_of else text_response(text, etag=f'"{version}"')


async def create_records(request: Request) -> Response:
    """POST /api/records/{object}: create one record, or many as a list or {"records": […]}."""
    body = await read_value(request, BULK_LIMIT_BYTES)
    if isinstance(body, dict) and "records" not in body:
        sent = body

        async def create_one(tx: Transaction) -> tuple[int, str]:
            obj = visible_object(tx, request.path_params["object"])
            return 201, await _write_one(tx, obj, incoming_of(read_values(obj, sent, tx.rights)))

        return await in_transaction(request, body, create_one)
    records, partly = _bulk(body)

    async def create_many(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        incoming = [incoming_of(read_values(obj, one, tx.rights)) for one in records]
        return await _write_many(tx, obj, incoming, partly=partly)

    return await in_transaction(request, body, create_many)


async def change_record(request: Request) -> Response:
    """PATCH /api/records/{object}/{id}: change some fields; If-Match or version guards it."""
    body = await read_object(request)

    async def change(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        guard = _if_match(request)
        version = sent_version(body) if guard is None else guard
        incoming = incoming_of(read_values(obj, body, tx.rights), id=number, version=version)
        try:
            return 200, await _write_one(tx, obj, incoming)
        except StaleVersion as error:
            raise await _with_current(tx, obj, incoming, error) from error

    return await in_transaction(request, body, change)


async def change_records(request: Request) -> Response:
    """PATCH /api/records/{object}: change many, each with its id, as a list or {"records": […]}."""
    body = await read_value(request, BULK_LIMIT_BYTES)
    records, partly = _bulk(body)

    async def change_many(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        incoming = [_changed(tx, obj, one) for one in records]
        return await _write_many(tx, obj, incoming, partly=partly)

    return await in_transaction(request, body, change_many)


async def delete_record(request: Request) -> Response:
    """DELETE /api/records/{object}/{id}: put a record in the recycle bin."""

    async def remove(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        along = await delete(tx, obj, number, _if_match(request))
        answer = {"id": format_id(obj.prefix, number), "deleted": True, "deleted_along": along}
        return 200, write_json(answer)

    return await in_transaction(request, None, remove)


async def delete_records(request: Request) -> Response:
    """DELETE /api/records/{object}?ids=a,b: put several records in the bin, all or none."""
    ids = _names(request.query_params.get("ids"))
    if not ids or len(ids) > MOST_PER_PAGE:
        raise BadParameter(f"ids must name 1 to {MOST_PER_PAGE} records.", at="/ids")

    async def remove(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        numbers = sorted({record_id(obj, text) for text in ids})
        return 200, write_json({"deleted": await delete_all(tx, obj, numbers)})

    return await in_transaction(request, None, remove)


async def restore_record(request: Request) -> Response:
    """POST /api/records/{object}/{id}/restore: take a record and what hung on it out of the bin."""

    async def bring_back(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        restored = await restore(tx, obj, number)
        answer = {"id": format_id(obj.prefix, number), "restored": restored}
        return 200, write_json(answer)

    return await in_transaction(request, None, bring_back)


async def upsert_record(request: Request) -> Response:
    """PUT /api/records/{object}/by/{field}/{value}: change the record of this key or create it."""
    body = await read_object(request)

    async def put(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        field, value = request.path_params["field"], request.path_params["value"]
        sent = [{**body, field: value}]
        [outcome] = await upsert(tx, obj, field, sent, version=_if_match(request))
        return (201 if outcome.operation == "created" else 200), await _shown(tx, obj, outcome)

    return await in_transaction(request, body, put)


async def upsert_records(request: Request) -> Response:
    """POST /api/records/{object}/upsert?key=field: change or create many by an external id."""
    body = await read_value(request, BULK_LIMIT_BYTES)
    records, partly = _bulk(body)
    key = request.query_params.get("key")
    if not key:
        raise BadParameter("key must name the field that tells records apart.", at="/key")

    async def put_many(tx: Transaction) -> tuple[int, str]:
        obj = visible_object(tx, request.path_params["object"])
        outcomes = await upsert(tx, obj, key, records, partly=partly)
        return 200, _results(obj, outcomes)

    return await in_transaction(request, body, put_many)


async def get_history(request: Request) -> Response:
    """GET /api/records/{object}/{id}/history: what changed, by whom and why, newest first."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, request.path_params["object"])
        number = record_id(obj, request.path_params["id"])
        limit = whole_number(request, "limit", PAGE_SIZE, MOST_PER_PAGE)
        before = whole_number(request, "cursor", 2**62, 2**62)
        changes, after = await history_page(tx, obj, number, limit, before)
        return json_response({"changes": changes, "next": after})


async def in_transaction(request: Request, body: Json, work: Work) -> Response:
    """Do a write in one transaction, again if it collides; with an Idempotency-Key, only once."""
    key = request.headers.get(_KEY_HEADER)
    if key is not None and not _is_key(key):
        raise BadParameter(f"An Idempotency-Key has 1 to {_LONGEST_KEY} printable characters.")
    return await again_if_it_collides(partial(_try, request, body, work, key))


def _is_key(key: str) -> bool:
    return 0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()


async def _try(request: Request, body: Json, work: Work, key: str | None) -> Response:
    database = database_of(request)
    async with database.write(tenant_of(request), viewer_of(request), cause_of(request)) as tx:
        if key is None:
            status, text = await work(tx)
            return text_response(text, status)
        digest = _digest(request, tx, body)
        earlier = await earlier_answer(tx, key, digest)
        if earlier is not None:
            return text_response(earlier[1], earlier[0])
        status, text = await work(tx)
        await keep_answer(tx, key, status, text)
        return text_response(text, status)


def _digest(request: Request, tx: Transaction, body: Json) -> str:
    who = f"{tx.viewer.user_id} {tx.rights.digest}"
    parts = f"{who} {request.method} {request.url.path}?{request.url.query} {write_json(body)}"
    return hashlib.sha256(parts.encode()).hexdigest()


async def _write_one(tx: Transaction, obj: ObjectDef, incoming: Incoming) -> str:
    [outcome] = await write(tx, obj, [incoming])
    return await _shown(tx, obj, outcome)


async def _shown(tx: Transaction, obj: ObjectDef, outcome: Outcome) -> str:
    """Give a record that was written; its id and version where it has left the writer's sight."""
    assert outcome.id is not None
    try:
        text, _ = await record_text(tx, obj, outcome.id, None)
    except UnknownRecord:
        known = format_id(obj.prefix, outcome.id)
        return write_json({"id": known, "version": outcome.version})
    return text


async def _write_many(
    tx: Transaction, obj: ObjectDef, incoming: Sequence[Incoming], *, partly: bool
) -> tuple[int, str]:
    return 200, _results(obj, await write(tx, obj, incoming, partly=partly))


def _results(obj: ObjectDef, outcomes: Sequence[Outcome]) -> str:
    counts = dict.fromkeys(("created", "updated", "unchanged", "failed"), 0)
    for outcome in outcomes:
        counts[outcome.operation] += 1
    results = [_result(obj, outcome) for outcome in outcomes]
    return write_json({"results": results, **counts})


def _result(obj: ObjectDef, outcome: Outcome) -> dict[str, object]:
    known = None if outcome.id is None else format_id(obj.prefix, outcome.id)
    result: dict[str, object] = {
        "id": known,
        "version": outcome.version,
        "operation": outcome.operation,
    }
    if outcome.problems:
        result["errors"] = [problem.as_json() for problem in outcome.problems]
    return result


def _bulk(body: Json) -> tuple[list[JsonObject], bool]:
    """Read a body with many records; partly unless it asks for all or nothing."""
    partly = True
    records = body
    if isinstance(body, dict):
        records = body.get("records")
        asked = body.get("all_or_nothing", False)
        if not isinstance(asked, bool):
            raise BadJson("all_or_nothing must be true or false.", at="/all_or_nothing")
        partly = not asked
    if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
        raise BadJson("records must be a list of JSON objects.", at="/records")
    return [one for one in records if isinstance(one, dict)], partly


def _changed(tx: Transaction, obj: ObjectDef, sent: JsonObject) -> Incoming:
    read = read_values(obj, sent, tx.rights)
    try:
        prefix, number = parse_id(str(sent.get("id")))
    except BadId as error:
        read[1].append(Problem(UnknownRecord.code, error.problem.message, "/id"))
        return incoming_of(read)
    if prefix != obj.prefix:
        read[1].append(Problem(UnknownRecord.code, f"That is no {obj.label}.", "/id"))
    return incoming_of(read, id=number, version=sent_version(sent))


async def _with_current(
    tx: Transaction, obj: ObjectDef, incoming: Incoming, error: StaleVersion
) -> StaleVersion:
    """Add the record as it is now to what is said of a stale write."""
    assert incoming.id is not None
    problem = error.problem
    current = await record_values(tx, obj, incoming.id)
    sent = {field.name: value for field, value in incoming.values.items()}
    details = {**(problem.details or {}), "current": current, "yours": sent}
    return StaleVersion(problem.message, hint=problem.hint, details=details)


def _if_match(request: Request) -> int | None:
    text = request.headers.get(_VERSION_HEADER)
    if text is None or text.strip() == "*":
        return None
    bare = text.strip().removeprefix("W/").strip('"')
    if not bare.isascii() or not bare.isdigit() or len(bare) > 9:
        raise BadParameter("If-Match must hold the version of the record.", hint='Write "3".')
    return int(bare)


def _names(text: str | None) -> tuple[str, ...] | None:
    if text is None or not text.strip():
        return None
    return tuple(name.strip() for name in text.split(",") if name.strip())


ROUTES: Final = (
    Route("/api/records/{object}", list_records, methods=["GET"]),
    Route("/api/records/{object}", create_records, methods=["POST"]),
    Route("/api/records/{object}", change_records, methods=["PATCH"]),
    Route("/api/records/{object}", delete_records, methods=["DELETE"]),
    Route("/api/records/{object}/upsert", upsert_records, methods=["POST"]),
    Route("/api/records/{object}/by/{field}/{value:path}", upsert_record, methods=["PUT"]),
    Route("/api/records/{object}/{id}", get_record, methods=["GET"]),
    Route("/api/records/{object}/{id}", change_record, methods=["PATCH"]),
    Route("/api/records/{object}/{id}", delete_record, methods=["DELETE"]),
    Route("/api/records/{object}/{id}/restore", restore_record, methods=["POST"]),
    Route("/api/records/{object}/{id}/history", get_history, methods=["GET"]),
)

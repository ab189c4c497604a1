"""Endpoints for encrypted fields: under which keys values are, and sealing them with the newest."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.encryption.opening import keyring_of
from fieldstone.runtime.encryption.rotating import (
    FieldKeys,
    encryption_status,
    start_rotation,
)


async def show_encryption(request: Request) -> Response:
    """GET /api/encryption: the keys by their ids, and how many values are under each."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        fields = await encryption_status(tx)
        known = keyring_of(tx)
    used = {key for one in fields for key in (*one.records, *one.log)}
    ids = [*known.ids, *sorted(used.difference(known.ids))]
    keys: list[Json] = [
        {
            "id": one,
            "is_current": one == known.current,
            "is_there": one in known.ids,
            "values": sum(field.records.get(one, 0) for field in fields),
            "values_in_log": sum(field.log.get(one, 0) for field in fields),
        }
        for one in ids
    ]
    return json_response({"keys": keys, "fields": [_shown(one) for one in fields]})


async def rotate_keys(request: Request) -> Response:
    """POST /api/encryption/rotate: have what is sealed with other keys sealed with the current."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        job = await start_rotation(tx)
    return json_response({"job": job, "url": f"/api/jobs/{job}"}, 202)


def _shown(one: FieldKeys) -> dict[str, Json]:
    return {
        "object": one.object.name,
        "field": one.field.name,
        "encrypted": str(one.field.encryption),
        "values": sum(one.records.values()),
    }


ROUTES: Final = (
    Route("/api/encryption", show_encryption, methods=["GET"]),
    Route("/api/encryption/rotate", rotate_keys, methods=["POST"]),
)

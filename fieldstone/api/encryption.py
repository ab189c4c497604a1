"""Endpoints for encrypted fields: under which keys values are, and sealing them with the newest."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.requests import json_response
from fieldstone.metadata.values import Json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.encryption.key_use import KeyUse, load_key_use
from fieldstone.runtime.encryption.rotating import FieldKeys, last_rotation, start_rotation
from fieldstone.runtime.jobs import Job


async def show_encryption(request: Request) -> Response:
    """GET /api/encryption: the keys by their ids, what is under each, and how far a rotation is."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        use, job = await load_key_use(tx), await last_rotation(tx)
    return json_response(
        {
            "keys": [_key(one) for one in use.keys],
            "fields": [_shown(one) for one in use.fields],
            "rotation": None if job is None else _rotation(job),
        }
    )


async def rotate_keys(request: Request) -> Response:
    """POST /api/encryption/rotate: have what is sealed with other keys sealed with the current."""
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        job = await start_rotation(tx)
    return json_response({"job": job, "url": f"/api/jobs/{job}"}, 202)


def _key(one: KeyUse) -> dict[str, Json]:
    return {
        "id": one.id,
        "is_current": one.is_current,
        "is_there": one.is_there,
        "made_on": None if one.made_on is None else one.made_on.isoformat(),
        "values": one.values,
        "values_in_log": one.values_in_log,
        "fields": [f"{field.object.name}.{field.field.name}" for field in one.fields],
    }


def _rotation(job: Job) -> dict[str, Json]:
    return {"job": job.id, "state": job.state.value, "words": job.progress.get("words")}


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

"""The baseline of bench/http: Starlette and asyncpg alone, over the tables made by hand.

Run as `python -m bench.bare FD`. Every answer holds what the engine's answer to the same question
holds, in PostgreSQL's own JSON, which is the fastest way there is (docs/architecture/storage.md).
Nobody signs in, nothing is checked, nothing is logged: this is what a request costs at least.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.native import TABLES, columns_of

_LIST: Final = """
SELECT json_agg(r)::text FROM (
  SELECT d.id, d.name, d.value, d.stage, d.close_date,
    CASE WHEN c.id IS NOT NULL THEN json_build_object('id', c.id, 'name', c.name) END AS company
  FROM native_deal d LEFT JOIN native_company c ON c.id = d.company
  ORDER BY d.id LIMIT 50) r
"""
_FILTERED: Final = """
SELECT json_agg(r)::text FROM (
  SELECT id, name, value, stage, probability FROM native_deal
  WHERE stage = $1 AND value > $2 ORDER BY value DESC, id DESC LIMIT 50) r
"""
_WHOLE: Final = f"""
  SELECT {", ".join(f"d.{name}" for name in columns_of("Deal"))},
    json_build_object('id', c.id, 'name', c.name) AS company_,
    json_build_object('id', p.id, 'name', p.name) AS contact_,
    json_build_object('id', a.id, 'name', a.name) AS campaign_,
    json_build_object('id', o.id, 'name', o.name) AS owner_,
    json_build_object('id', b.id, 'name', b.name) AS created_by_,
    json_build_object('id', u.id, 'name', u.name) AS updated_by_
  FROM native_deal d LEFT JOIN native_company c ON c.id = d.company
  LEFT JOIN native_contact p ON p.id = d.contact LEFT JOIN native_campaign a ON a.id = d.campaign
  LEFT JOIN native_user o ON o.id = d.owner_id LEFT JOIN native_user b ON b.id = d.created_by
  LEFT JOIN native_user u ON u.id = d.updated_by
"""
_ONE: Final = f"SELECT row_to_json(r)::text FROM ({_WHOLE} WHERE d.id = $1) r"
_FIFTY: Final = f"SELECT json_agg(r)::text FROM ({_WHOLE} ORDER BY d.id LIMIT 50) r"
_PLAIN: Final = "SELECT row_to_json(d)::text FROM native_deal d WHERE id = $1"
_PLAIN_LIST: Final = (
    "SELECT json_agg(r)::text FROM (SELECT * FROM native_deal ORDER BY id LIMIT 50) r"
)
_GROUPS: Final = """
SELECT json_agg(r)::text FROM (
  SELECT stage, count(id) AS deals, sum(value) AS total FROM native_deal GROUP BY stage) r
"""
_COLUMNS: Final = tuple(TABLES["Deal"])
_INSERT: Final = f"""
INSERT INTO native_deal AS d (id, {", ".join(_COLUMNS)})
SELECT nextval('native_deal_id'), {", ".join(f"x.{name}" for name in _COLUMNS)}
FROM json_populate_recordset(NULL::native_deal, $1::json) x RETURNING row_to_json(d)::text
"""
_UPDATE: Final = """
UPDATE native_deal AS d SET stage = coalesce($2, stage), next_step = coalesce($3, next_step),
  version = version + 1, updated_at = now() WHERE id = $1 RETURNING row_to_json(d)::text
"""


def _answer(text: str | None, status: int = 200) -> Response:
    return Response((text or "[]").encode(), status, media_type="application/json")


def _pool(request: Request) -> Any:
    return request.app.state.pool


async def list_deals(request: Request) -> Response:
    """GET /deals: some fields of the first fifty, with the company's name."""
    return _answer(await _pool(request).fetchval(_LIST))


async def list_whole(request: Request) -> Response:
    """GET /deals/whole: all columns of the first fifty, with the names of all they refer to."""
    return _answer(await _pool(request).fetchval(_FIFTY))


async def list_plain(request: Request) -> Response:
    """GET /deals/plain: all columns of the first fifty, without any other table."""
    return _answer(await _pool(request).fetchval(_PLAIN_LIST))


async def filter_deals(request: Request) -> Response:
    """GET /deals/filtered: those of a stage above a value, the largest first."""
    asked = request.query_params
    found = await _pool(request).fetchval(_FILTERED, asked["stage"], int(asked["above"]))
    return _answer(found)


async def get_deal(request: Request) -> Response:
    """GET /deals/{id}: one row with the names of all that it refers to."""
    return _answer(await _pool(request).fetchval(_ONE, int(request.path_params["id"])))


async def get_plain(request: Request) -> Response:
    """GET /deals/{id}/plain: one row without any other table."""
    return _answer(await _pool(request).fetchval(_PLAIN, int(request.path_params["id"])))


async def create_deals(request: Request) -> Response:
    """POST /deals: one, or many as a list."""
    body = (await request.body()).decode()
    rows = await _pool(request).fetch(_INSERT, f"[{body}]" if body[0] == "{" else body)
    return _answer(f"[{','.join(row[0] for row in rows)}]", 201)


async def change_deal(request: Request) -> Response:
    """PATCH /deals/{id}: another stage or another next step."""
    sent: Mapping[str, str] = msgspec.json.decode(await request.body())
    values = int(request.path_params["id"]), sent.get("stage"), sent.get("next_step")
    return _answer(await _pool(request).fetchval(_UPDATE, *values))


async def group_deals(request: Request) -> Response:
    """GET /stages: number and value of the deals of every stage."""
    return _answer(await _pool(request).fetchval(_GROUPS))


ROUTES: Final = (
    Route("/deals", list_deals, methods=["GET"]),
    Route("/deals", create_deals, methods=["POST"]),
    Route("/deals/whole", list_whole, methods=["GET"]),
    Route("/deals/plain", list_plain, methods=["GET"]),
    Route("/deals/filtered", filter_deals, methods=["GET"]),
    Route("/deals/{id:int}", get_deal, methods=["GET"]),
    Route("/deals/{id:int}", change_deal, methods=["PATCH"]),
    Route("/deals/{id:int}/plain", get_plain, methods=["GET"]),
    Route("/stages", group_deals, methods=["GET"]),
)


async def serve(descriptor: int) -> None:
    """Serve with the settings that the product's own web process has."""
    pool = await asyncpg.create_pool(
        os.environ["FIELDSTONE_DATABASE_URL"],
        min_size=1,
        max_size=10,
        reset=_keep,
        server_settings={"jit": "off", "timezone": "UTC"},
    )
    app = Starlette(routes=ROUTES)
    app.state.pool = pool
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
    )
    await uvicorn.Server(config).serve(sockets=[socket.socket(fileno=descriptor)])


async def _keep(connection: Any) -> None:
    """Leave a returned connection as it is, as the product's own pool does."""


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

"""Fixtures: the application on a database of its own, with the tenants default and other.

Copies of a template that already holds both tenants, so that a test begins within a fifth of a
second. `api` talks to the application in this process, as the tenant default; `other` as the
second tenant, which every test of isolation asks.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from starlette.applications import Starlette
from starlette.types import ASGIApp

from fieldstone.platform.app import build_app, open_engine
from fieldstone.platform.settings import Settings, load_settings
from tests.support.server_run import SharedRun
from tests.support.servers import PostgresServer, made_database, run_apart

TEMPLATE = "fieldstone_app_template"
OTHER = "other"
NOWHERE = Path("/nonexistent/fieldstone")
ADDRESS = "http://127.0.0.1:8000"
COMPONENTS = 4
WRITTEN: tuple[str, ...] = ("catalog_version", "component", "component_change")
WRITTEN += ("package_component", "package_upload", "package_record", "tenant", "record")
WRITTEN += ("link", "bin", "record_unique", "record_search", "change", "counter", "idempotency")
WRITTEN += ("job", "file", "import_row", "query_use", "advice_action", "advice_setting")
WRITTEN += ("index_order", "maintenance", "member", "invitation", "session", "access_token")
WRITTEN += ("legal_hold", "held_record", "privacy_request")
WRITTEN += ("person_role", "team", "team_member", "record_share", "record_lock")
WRITTEN += ("sign_in", "permission_assignment", "branch")
WRITTEN += ("sealed_secret", "identity_link", "app_secret", "oauth_grant", "oauth_code")
WRITTEN += ("refresh_token", "seen_once")
WRITTEN += ("tenant_event", "operator_token", "usage_ledger", "usage_entry")
WRITTEN += ("authenticator", "recovery_code", "passkey", "sign_in_step")
WRITTEN += ("personal_view",)
WRITTEN += ("client_use",)
WRITTEN += ("access_event", "audit_seal", "audit_redaction", "audit_pending")
CATALOG_CHANGED = """
SELECT EXISTS (SELECT FROM catalog_version c FULL JOIN kept.catalog_version k
  USING (tenant_id, version) WHERE c.tenant_id IS NULL OR k.tenant_id IS NULL)"""
DIGEST = "SELECT concat(count(*), md5(string_agg(t::text, ';' ORDER BY t::text))) FROM {0} t"
# Tables are told empty by their size: planning what finds nothing in sixteen partitions takes long.
TAKE_BACK = """
CREATE FUNCTION kept.take_back(tables text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  one text;
  leaf regclass;
BEGIN
  FOREACH one IN ARRAY tables LOOP
    FOR leaf IN
      SELECT relid FROM pg_partition_tree(one::regclass) WHERE isleaf
      UNION SELECT oid FROM pg_class WHERE oid = one::regclass AND relkind = 'r'
    LOOP
      IF pg_relation_size(leaf) > 0 THEN
        EXECUTE format('DELETE FROM %s', leaf);
      END IF;
    END LOOP;
    IF pg_relation_size(format('kept.%I', one)::regclass) > 0 THEN
      EXECUTE format('INSERT INTO %1$I OVERRIDING SYSTEM VALUE SELECT * FROM kept.%1$I', one);
    END IF;
  END LOOP;
END
$$"""


def settings_for(dsn: str, data: Path = NOWHERE) -> Settings:
    """Give the settings of a server on this machine with a database of its own."""
    variables = {
        "FIELDSTONE_DATABASE_URL": dsn,
        "FIELDSTONE_SECRET_KEY": "tests",
        "FIELDSTONE_ALLOW_PRIVATE_ADDRESSES": "yes",
        # Tests ask more in a second than anybody may ask of one.
        "FIELDSTONE_TOKEN_RATE": "1000000",
        "FIELDSTONE_TENANT_RATE": "1000000",
        "FIELDSTONE_ADDRESS_RATE": "1000000",
    }
    return load_settings(variables, {"data": data})


async def furnish(dsn: str) -> None:
    """Make the tenants that every test finds."""
    engine = await open_engine(settings_for(dsn))
    try:
        await engine.tenants.ensure_default()
        await engine.tenants.create(OTHER, "Other")
    finally:
        await engine.close()


@pytest.fixture(scope="session")
def app_template(postgres_server: PostgresServer, template_database: str) -> str:
    """The name of a database with both tenants in it, made once for the whole run."""
    run = SharedRun()
    with run.turn("template"):
        if run.once("app_template"):
            postgres_server.drop(TEMPLATE)
            run_apart(furnish(postgres_server.create(TEMPLATE, template=template_database)))
    return TEMPLATE


@pytest.fixture(scope="session")
def worker_app_dsn(postgres_server: PostgresServer, app_template: str) -> Iterator[str]:
    """The address of a database with both tenants, which remembers how it was."""
    with made_database(postgres_server, app_template) as dsn:
        run_apart(remember(dsn))
        yield dsn


@pytest.fixture
async def app_dsn(worker_app_dsn: str) -> str:
    """The address of a database with both tenants, which this test finds as it was made.

    Cheaper than a database of its own: what earlier tests wrote is taken out again.
    """
    async with owner_connection(worker_app_dsn) as connection:
        await take_back(connection)
    return worker_app_dsn


@pytest.fixture
def fresh_app_dsn(postgres_server: PostgresServer, app_template: str) -> Iterator[str]:
    """The address of a database with both tenants that this test alone uses."""
    with made_database(postgres_server, app_template) as dsn:
        yield dsn


async def remember(dsn: str) -> None:
    """Copy every table of a database aside."""
    async with owner_connection(dsn) as connection:
        await connection.execute("CREATE SCHEMA kept")
        for table in WRITTEN:
            await connection.execute(f"CREATE TABLE kept.{table} AS TABLE {table}")
        await connection.execute(TAKE_BACK)


async def take_back(connection: Any) -> None:
    """Make every table hold again what was remembered of it; components only if they changed."""
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        changed = await connection.fetchval(CATALOG_CHANGED)
        tables = [*WRITTEN[COMPONENTS:], *(WRITTEN[:COMPONENTS] if changed else ())]
        await connection.execute("SELECT kept.take_back($1)", tables)


@pytest.fixture
async def app(app_dsn: str, tmp_path: Path) -> AsyncIterator[Starlette]:
    """The whole application in this process, on a database with nothing but the two tenants."""
    async with opened_app(app_dsn, tmp_path) as app:
        yield app


@asynccontextmanager
async def opened_app(dsn: str, data: Path = NOWHERE) -> AsyncIterator[Starlette]:
    """Open the application on a database that has its tenants, for a block. data: for files."""
    settings = settings_for(dsn, data)
    engine = await open_engine(settings, serves=True)
    try:
        yield build_app(engine, settings)
    finally:
        await engine.close()


@dataclass(frozen=True, slots=True)
class Api:
    """Sends requests as one tenant, with the manners of curl -d: a body calls itself a form."""

    http: httpx.AsyncClient

    async def ask(
        self, method: str, path: str, body: object = None, *, status: int = 200, **more: Any
    ) -> Any:
        """Send a request, check its status, and give the JSON of its answer."""
        answer = await self.send(method, path, body, **more)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        return answer.json() if answer.content else None

    async def send(
        self, method: str, path: str, body: object = None, **more: Any
    ) -> httpx.Response:
        """Send a request and give the answer, whatever it is."""
        content = body if isinstance(body, bytes | str) or body is None else json.dumps(body)
        headers = {"content-type": "application/x-www-form-urlencoded", **more.pop("headers", {})}
        return await self.http.request(method, path, content=content, headers=headers, **more)

    async def get(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Ask for something."""
        return await self.ask("GET", path, status=status, **more)

    async def post(self, path: str, body: object, *, status: int = 201, **more: Any) -> Any:
        """Create something."""
        return await self.ask("POST", path, body, status=status, **more)

    async def patch(self, path: str, body: object, *, status: int = 200, **more: Any) -> Any:
        """Change something."""
        return await self.ask("PATCH", path, body, status=status, **more)

    async def delete(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Delete something."""
        return await self.ask("DELETE", path, status=status, **more)

    async def refused(
        self, method: str, path: str, body: object = None, *, status: int, **more: Any
    ) -> list[dict[str, Any]]:
        """Send a request that must be refused in the one shape, and give the problems."""
        answer = await self.send(method, path, body, **more)
        assert answer.status_code == status, f"{answer.status_code}: {answer.text[:2000]}"
        return problems_of(answer)


def problems_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """Give the problems of a refusal, after checking that it has the one shape."""
    told = answer.json()
    assert set(told) == {"errors", "request_id"}, told
    assert told["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"
    assert told["errors"]
    for problem in told["errors"]:
        assert set(problem) <= {"code", "message", "at", "hint", "details"}, problem
        assert problem["message"].endswith((".", "…", "?")), problem
    errors: list[dict[str, Any]] = told["errors"]
    return errors


@asynccontextmanager
async def client_of(app: ASGIApp, tenant: str | None = None) -> AsyncIterator[Api]:
    """Talk to an application in this process for a block."""
    headers = {"X-Tenant": tenant} if tenant else {}
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url=ADDRESS, headers=headers, timeout=60
    ) as http:
        yield Api(http)


@pytest.fixture
async def api(app: Starlette) -> AsyncIterator[Api]:
    """A client of the application as the tenant default."""
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[Api]:
    """A client of the application as the tenant other."""
    async with client_of(app, OTHER) as client:
        yield client


async def state_hash(dsn: str, *, besides: tuple[str, ...] = ()) -> dict[str, str]:
    """Give a digest of every table's rows, so that two states can be told apart table by table."""
    async with owner_connection(dsn) as connection:
        return {
            table: await connection.fetchval(DIGEST.format(table))
            for table in WRITTEN
            if table not in besides
        }


@asynccontextmanager
async def owner_connection(dsn: str) -> AsyncIterator[Any]:
    """Connect to a database as its owner, past the policies, to look at what is stored."""
    connection: Any = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()

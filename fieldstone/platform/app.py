"""The composition root: puts the parts together into one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from fieldstone.api.kept_documents import DocumentStore
from fieldstone.api.uploads import AROUND_BYTES
from fieldstone.builtin_objects.packages import Shipped
from fieldstone.clock import Clock, SystemClock
from fieldstone.ids import IdMinter
from fieldstone.platform.administrators import Administrators
from fieldstone.platform.database.pool import open_pool
from fieldstone.platform.encryption_keys import load_keyring
from fieldstone.platform.identity.gate import Gate
from fieldstone.platform.identity.keys import Keys
from fieldstone.platform.identity.operators import Operators
from fieldstone.platform.identity.route_scopes import check_scope
from fieldstone.platform.middleware.body_limit import BodyLimit
from fieldstone.platform.middleware.errors import Errors
from fieldstone.platform.middleware.host_cookies import HostCookies
from fieldstone.platform.middleware.rate_limit import RateLimit, RateRules, StrangerLimit
from fieldstone.platform.middleware.request_id import RequestId
from fieldstone.platform.middleware.security_headers import SecurityHeaders
from fieldstone.platform.middleware.tenant import TenantOfRequest
from fieldstone.platform.middleware.time_limit import TimeLimit
from fieldstone.platform.middleware.viewer import ViewerOfRequest
from fieldstone.platform.rates.bucket import LocalRates, Rates
from fieldstone.platform.rates.ledger import CallLedger
from fieldstone.platform.rates.shared import SharedRates
from fieldstone.platform.route_table import ROUTES
from fieldstone.platform.routing import IndexedRouter
from fieldstone.platform.settings import LOOPBACK, Settings, load_secret_key
from fieldstone.platform.tenants import Tenants
from fieldstone.platform.working_parts import files_of, storage_rules_of, stream_limits_of
from fieldstone.runtime.catalogs import CatalogStore
from fieldstone.runtime.package_signing import PackageKeys
from fieldstone.runtime.row_streams import StreamPlaces
from fieldstone.runtime.shares import LEFT_FREE, FairShares
from fieldstone.runtime.storage.usage import UsageCounter
from fieldstone.runtime.tenants import TenantDirectory
from fieldstone.runtime.transactions import Database
from fieldstone.ui_generator.pages.errors import error_page
from fieldstone.ui_generator.shell import build_site

_TAKE_NODE: Final = "SELECT take_node()"


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that live as long as a process: one pool, and what works on it."""

    pool: Any
    database: Database
    directory: TenantDirectory
    tenants: Tenants
    administrators: Administrators
    usage: UsageCounter
    gate: Gate
    calls: CallLedger

    async def close(self) -> None:
        """Let go of the database."""
        await self.pool.close()


def _shares_of(settings: Settings) -> FairShares:
    size = max(1, settings.connections - LEFT_FREE)
    return FairShares(size, settings.tenant_connections, settings.connection_wait_s)


async def open_engine(
    settings: Settings, clock: Clock | None = None, *, serves: bool = False
) -> Engine:
    """Open a migrated database. settings.login_url must be set.

    serves: whether requests are served, which have fair shares of the connections.
    """
    assert settings.login_url is not None
    pool = await open_pool(
        settings.login_url,
        size=settings.connections,
        patience_s=settings.connection_wait_s,
        statement_timeout_s=settings.statement_timeout_s,
    )
    the_clock = clock or SystemClock()
    minter = IdMinter(the_clock, await pool.fetchval(_TAKE_NODE))
    usage = UsageCounter()
    shares = _shares_of(settings) if serves else None
    keyring = load_keyring(settings)
    database = Database(
        pool, CatalogStore(), the_clock, minter, usage, shares=shares, keyring=keyring
    )
    directory = TenantDirectory(pool)
    tenants = Tenants(pool, database, directory, settings.plan)
    local = LocalRates()
    shared = SharedRates(settings.redis_url, local) if serves and settings.redis_url else None
    return Engine(
        pool,
        database,
        directory,
        tenants,
        Administrators(database),
        usage,
        Gate(pool, database),
        CallLedger(pool, the_clock, local, shared),
    )


def build_app(engine: Engine, settings: Settings) -> Starlette:
    """Build the application around an open engine; whoever opened it closes it."""
    site = build_site()
    secret_key = load_secret_key(settings)
    operators = Operators(engine.pool, SystemClock(), engine.database.minter, secret_key)
    rates: Rates = engine.calls.shared or engine.calls.local
    rules = RateRules(settings.token_rate, settings.tenant_rate, settings.address_rate)
    local_only = settings.host in LOOPBACK and not settings.is_production
    app = Starlette(
        exception_handlers={HTTPException: _pass_on},
        middleware=[
            Middleware(RequestId),
            Middleware(SecurityHeaders),
            Middleware(HostCookies),
            Middleware(Errors, show_page=error_page),
            Middleware(TimeLimit, limit_s=settings.request_timeout_s),
            Middleware(
                BodyLimit,
                limit_bytes=settings.body_limit_bytes,
                form_limit_bytes=settings.import_limit_bytes + AROUND_BYTES,
            ),
            Middleware(StrangerLimit, rates=rates, rules=rules),
            Middleware(TenantOfRequest, directory=engine.directory, domain=settings.domain),
            Middleware(
                ViewerOfRequest,
                administrators=engine.administrators,
                gate=engine.gate,
                operators=operators,
                directory=engine.directory,
                local_only=local_only,
            ),
            Middleware(RateLimit, rates=rates, rules=rules, clock=engine.calls.clock),
        ],
    )
    app.router = IndexedRouter(ROUTES, check_scope)
    app.state.database = engine.database
    app.state.engine = engine
    app.state.operators = operators
    app.state.settings = settings
    app.state.keys = Keys(load_secret_key(settings))
    app.state.package_keys = PackageKeys(load_secret_key(settings))
    app.state.documents = DocumentStore()
    app.state.site = site
    app.state.providers = _made_later(
        "fieldstone.platform.identity.providers.parts",
        "build_parts",
        load_secret_key(settings),
        allow_private=settings.allow_private_addresses,
    )
    app.state.shipped_packages = Shipped()
    app.state.usage = engine.usage
    app.state.streams = StreamPlaces(stream_limits_of(settings))
    app.state.storage_rules = storage_rules_of(settings)
    app.state.files = files_of(settings)
    app.state.import_parts = _made_later("fieldstone.platform.job_kinds", "import_parts", settings)
    return app


@asynccontextmanager
async def application(settings: Settings, clock: Clock | None = None) -> AsyncIterator[Starlette]:
    """Open an engine, make the default tenant and give the application on it, for a block."""
    engine = await open_engine(settings, clock, serves=True)
    try:
        await engine.tenants.ensure_default()
        async with engine.usage.flushing(engine.database), engine.calls.flushing():
            yield build_app(engine, settings)
    finally:
        await engine.close()


async def _pass_on(request: Request, error: Exception) -> Response:
    """Leave what the router says, such as 404, to the one place that answers errors."""
    raise error


def _made_later(module: str, function: str, *arguments: Any, **named: Any) -> Callable[[], Any]:
    """Give what a function of a module makes, once; the module is read when it is asked for."""

    @lru_cache(maxsize=1)
    def made() -> Any:
        return getattr(import_module(module), function)(*arguments, **named)

    return made

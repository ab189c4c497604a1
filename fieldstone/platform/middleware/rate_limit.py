"""Limits how often one asks: by session or token and by tenant, and by address for strangers.

Requests of the machine itself and of operators are not limited; nor are files of the pages.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fieldstone.clock import Clock
from fieldstone.platform.identity.errors import SignInNeeded
from fieldstone.platform.identity.gate import Bearer
from fieldstone.platform.identity.origin_place import place_of
from fieldstone.platform.middleware.tenant import OPEN
from fieldstone.platform.rates.bucket import Bucket, RateLimited, Rates, Verdict
from fieldstone.platform.rates.ledger import caller_of
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.terms import Limit, refusal

_STATIC: Final = "/static/"
_PAGES: Final = ("/admin/", "/sign-in", "/sign-out", "/welcome")
_SUSPECTS: Final = 10_000
_SUSPECTED_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class RateRules:
    """Requests in a second: of a session or token, of a tenant, of a stranger's address."""

    token: int
    tenant: int
    address: int


class RateLimit:
    """Lets requests through as buckets have tokens, and tells in headers what is left.

    It stands behind those who find tenant and viewer.
    """

    def __init__(self, app: ASGIApp, rates: Rates, rules: RateRules, clock: Clock) -> None:
        self._app = app
        self._rates = rates
        self._rules = rules
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises RateLimited, ApiCallLimit."""
        if scope["type"] != "http" or _is_free(scope):
            await self._app(scope, receive, send)
            return
        verdict = await self._verdict(Request(scope))
        _check(verdict)

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message.setdefault("headers", []).extend(_headers(verdict))
            await send(message)

        await self._app(scope, receive, telling)

    async def _verdict(self, request: Request) -> Verdict:
        state = request.scope["state"]
        if state.get("viewer") is None:
            return await self._rates.take([_address_bucket(request, self._rules)])
        tenant: Tenant = state["tenant"]
        counts = is_api(request.scope["path"])
        caller = caller_of(tenant.id, self._clock) if counts else None
        verdict = await self._rates.take(self._buckets(request, tenant), caller)
        most = tenant.terms.limit(Limit.API_CALLS)
        if most is not None and verdict.calls > most:
            raise refusal(Limit.API_CALLS, verdict.calls - 1, most)
        return verdict

    def _buckets(self, request: Request, tenant: Tenant) -> list[Bucket]:
        bearer: Bearer = request.scope["state"]["bearer"]
        token = _rate(tenant, Limit.TOKEN_RATE, self._rules.token)
        whole = _rate(tenant, Limit.TENANT_RATE, self._rules.tenant)
        return [
            Bucket(f"k:{tenant.id}:{bearer.name}", token),
            Bucket(f"t:{tenant.id}", whole),
        ]


class StrangerLimit:
    """Limits addresses from which somebody says who they are, and is not.

    It stands before those who look a secret up, and asks for a token only of addresses from which
    a wrong one came within the last minute.
    """

    def __init__(self, app: ASGIApp, rates: Rates, rules: RateRules) -> None:
        self._app = app
        self._rates = rates
        self._rules = rules
        self._suspects: OrderedDict[str, float] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises RateLimited."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        bucket = _address_bucket(request, self._rules)
        if self._suspects.get(bucket.key, 0.0) > time.monotonic():
            _check(await self._rates.take([bucket]))
        try:
            await self._app(scope, receive, send)
        except SignInNeeded:
            self._suspect(bucket.key)
            raise

    def _suspect(self, key: str) -> None:
        self._suspects[key] = time.monotonic() + _SUSPECTED_S
        self._suspects.move_to_end(key)
        if len(self._suspects) > _SUSPECTS:
            self._suspects.popitem(last=False)


def is_api(path: str) -> bool:
    """Tell whether an address is one of the API, and not of a page."""
    return path not in {"/", "/admin"} and not path.startswith(_PAGES)


def _rate(tenant: Tenant, name: Limit, usual: int) -> int:
    """Give how many requests come in a second: at least one, so that a bucket fills at all."""
    own = tenant.terms.limit(name)
    return max(1, usual if own is None else own)


def _is_free(scope: Scope) -> bool:
    path, state = scope["path"], scope["state"]
    if path in OPEN or path.startswith(_STATIC) or "operator" in state:
        return True
    return state.get("viewer") is not None and state.get("bearer") is None


def _address_bucket(request: Request, rules: RateRules) -> Bucket:
    address = request.client.host if request.client is not None else ""
    return Bucket(f"a:{place_of(address)}", rules.address)


def _check(verdict: Verdict) -> None:
    if not verdict.allowed:
        raise RateLimited(
            "This is more than may be asked in so short a time.",
            hint=f"Try again in {verdict.wait_s} s.",
            details={"limit": verdict.limit, "retry_after_s": verdict.wait_s},
        )


def _headers(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-limit", str(verdict.limit).encode()),
        (b"ratelimit-remaining", str(verdict.remaining).encode()),
        (b"ratelimit-reset", str(verdict.wait_s).encode()),
    ]

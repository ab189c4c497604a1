"""What probes of security start from: a tenant that is claimed, and those who knock at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from starlette.applications import Starlette

from tests.support.app import Api, client_of

PASSWORD: Final = "four unrelated words here"
BEN_PASSWORD: Final = "several others stand there"
ADA: Final = "ada@acme.example"
BEN: Final = "ben@acme.example"
HERE: Final = "http://127.0.0.1:8000"
EVIL: Final = "https://evil.example"
COMES_AND_GOES: Final = (
    *(
        "session",
        "sign_in",
        "sign_in_step",
        "query_use",
        "client_use",
        "access_token",
        "access_event",
    ),
    *("usage_ledger", "usage_entry", "maintenance", "audit_pending"),
)
"""What is written down of a request whatever comes of it: who came, and how queries asked."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A claimed tenant. ada: its administrator; ben: a member without a right; stranger: nobody."""

    app: Starlette
    ada: Api
    ben: Api
    stranger: Api
    deal: str
    ben_id: str


@asynccontextmanager
async def opened_scene(app: Starlette) -> AsyncIterator[Scene]:
    """Let Ada and Ben into a tenant with one deal, for a block."""
    async with client_of(app) as ada, client_of(app) as ben, client_of(app) as stranger:
        deal = (await ada.post("/api/records/Deal", {"name": "Harbour", "value": 7}))["id"]
        await ada.post("/api/claim", {"email": ADA, "password": PASSWORD})
        person = {"email": BEN, "name": "Ben", "permission_sets": []}
        told = await ada.post("/api/people", person)
        said = {"token": told["invitation"], "password": BEN_PASSWORD}
        await ben.post("/api/welcome", said, status=200)
        yield Scene(app, ada, ben, stranger, deal, told["id"])


def codes_of(answer: Any) -> list[str]:
    """Give the codes of a refusal in JSON; none where it is a page."""
    if not answer.headers.get("content-type", "").startswith("application/json"):
        return []
    told = answer.json()
    return [one["code"] for one in told.get("errors", [])] if isinstance(told, dict) else []

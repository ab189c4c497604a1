"""Two databases that differ in nothing but what a viewer may not see, asked the same things.

Both have the same ids and instants, for their clocks stand still and are turned together. The
viewer is a member with a permission set, who comes in by a token as any program does.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.applications import Starlette

from fieldstone.platform.app import build_app, open_engine
from tests.support.app import Api, client_of, settings_for

NOW: Final = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=3)
"""When both worlds begin: today, for PostgreSQL's own clock tells whether a token still holds."""

PASSWORD: Final = "four unrelated words here"
VIEWER: Final = "viewer@acme.example"
HIDDEN_FIELDS: Final = (
    "Deal.value",
    "Deal.description",
    "Deal.secret_partner__c",
    "Company.phone",
    "Company.address",
    "Contact.mobile",
    "Contact.badge__c",
    "Task.subject",
)
HIDDEN_OBJECT: Final = "Ticket"
SET: Final[dict[str, Any]] = {
    "label": "Sees a part",
    "all_objects": ["create", "read", "edit", "delete"],
    "objects": {HIDDEN_OBJECT: []},
    "all_fields": "edit",
    "fields": dict.fromkeys(HIDDEN_FIELDS, "none"),
    "actions": ["api", "export", "import"],
}
_RANDOM: Final = (
    (re.compile(rb"r_[0-9a-f]{16}"), b"r_"),
    (re.compile(rb'(name="_csrf" value="|"X-CSRF-Token": ")[^"]*'), rb"\1"),
    (re.compile(rb'("(?:seen|used)_at":")[^"]*'), rb"\1"),
)
"""What is made of chance for every answer, and of nothing that anybody has."""

_TOLD_HEADERS: Final = ("content-type", "content-disposition", "location", "link", "etag", "allow")


class TurningClock:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.instant = NOW

    def now(self) -> datetime:
        """Give the instant that it shows."""
        return self.instant


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the two worlds do not share: hidden values, in turns, and hidden records."""

    values: tuple[int | None, ...]
    texts: tuple[str, ...]
    phones: tuple[str, ...]
    tickets: tuple[str, ...]


FIRST: Final = Secrets(
    (1, 250_000, 30, None, 7),
    ("harbour", "a long text about alpha and the harbour " * 40, ""),
    ("+49 30 1234567", "+49 30 7654321"),
    ("alpha is broken", "beta"),
)
SECOND: Final = Secrets(
    (900, None, 2, 44, 100_000),
    ("alpha", "meadow " * 3, "gamma", "delta"),
    ("+1 415 555 0100", "", "+49 40 998877"),
    ("harbour", "alpha", "gamma is late", "delta", "epsilon"),
)


@dataclass(slots=True)
class Twin:
    """One of the two worlds. records: the ids of what was put in, by object."""

    app: Starlette
    clock: TurningClock
    admin: Api
    viewer: Api
    records: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. as_form: whether the body is sent as a form's fields."""

    method: str
    path: str
    body: Any = None
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, twin: Twin) -> httpx.Response:
        """Send it as the viewer."""
        more = {"params": dict(self.params), "headers": dict(self.headers)}
        return await twin.viewer.send(self.method, self.path, self.body, **more)


def told_by(answer: httpx.Response) -> tuple[int, dict[str, str | None], bytes]:
    """Give all that an answer tells, but for what is made of chance."""
    body = answer.content
    for pattern, instead in _RANDOM:
        body = pattern.sub(instead, body)
    headers = {name: answer.headers.get(name) for name in _TOLD_HEADERS}
    return answer.status_code, headers, body


async def differences(twins: Sequence[Twin], asked: Sequence[Asked]) -> list[str]:
    """Ask both worlds the same; give what they answered differently."""
    found = []
    for one in asked:
        for twin in twins:
            twin.clock.instant += timedelta(seconds=1)
        first, second = await asyncio.gather(*(one.send(twin) for twin in twins))
        if told_by(first) != told_by(second):
            asked_for = f"{one.method} {one.path} {dict(one.params)} {one.body}"
            found.append(f"{asked_for}\n{_differing(first, second)}")
    return found


def _differing(first: httpx.Response, second: httpx.Response) -> str:
    """Give both answers from shortly before the place where they differ."""
    told = [f"{one.status_code} {one.text}" for one in (first, second)]
    pairs = enumerate(zip(*told, strict=False))
    same = next((at for at, (mine, yours) in pairs if mine != yours), 0)
    return "\n".join(text[max(0, same - 200) : same + 300] for text in told)


@asynccontextmanager
async def opened_twins(dsns: Sequence[str], directory: Path) -> AsyncIterator[tuple[Twin, Twin]]:
    """Open both worlds, fill them, and let the viewer in, for a block."""
    async with AsyncExitStack() as stack:
        twins = []
        for number, (dsn, secrets) in enumerate(zip(dsns, (FIRST, SECOND), strict=True)):
            settings = settings_for(dsn, directory / str(number))
            clock = TurningClock()
            engine = await open_engine(settings, clock)
            stack.push_async_callback(engine.close)
            app = build_app(engine, settings)
            admin = await stack.enter_async_context(client_of(app))
            viewer = await stack.enter_async_context(client_of(app))
            twin = Twin(app, clock, admin, viewer)
            await _fill(twin, secrets)
            await _let_in(twin)
            twins.append(twin)
        yield twins[0], twins[1]


async def _fill(twin: Twin, secrets: Secrets) -> None:
    """Make the same records in either world, with the values that one of them has."""
    await _define(twin)
    phones, texts, values = secrets.phones, secrets.texts, secrets.values
    companies = [
        {
            "name": name,
            "industry": industry,
            "phone": phones[n % len(phones)],
            "address": {"city": f"City {values[n % len(values)]}"},
        }
        for n, (name, industry) in enumerate(
            [("Alpha Ltd", "Technology"), ("Beta GmbH", "Retail"), ("Gamma", None), ("beta", None)]
        )
    ]
    await _create(twin, "Company", companies)
    contacts = [
        {
            "last_name": name,
            "company": _one(twin, "Company", n),
            "mobile": phones[n % len(phones)],
            "badge__c": f"{texts[0]} {n}" if n % 2 == 0 else None,
        }
        for n, name in enumerate(["Ada Alpha", "Ben", "Cleo", "Dora", "ben"])
    ]
    await _create(twin, "Contact", contacts)
    deals = [
        {
            "name": f"{'alpha beta gamma delta'.split()[n % 4]} {n % 5}",
            "stage": ("Lead", "Proposal", "Closed Won")[n % 3],
            "probability": (n * 10) % 100 if n % 4 else None,
            "close_date": f"2026-0{n % 3 + 1}-1{n % 7}",
            "company": _one(twin, "Company", n) if n % 4 else None,
            "value": values[n % len(values)],
            "description": texts[n % len(texts)],
            "secret_partner__c": _one(twin, "Company", len(texts) + n) if n % 2 else None,
            # What the mask shows is the same in both worlds, and what it hides is not.
            "giro__c": f"{texts[0]} giro {1000 + n}",
            "passage__c": f"{texts[0]} code {1000 + n}" if n % 3 else None,
        }
        for n in range(13)
    ]
    await _create(twin, "Deal", deals)
    for n, deal in enumerate(twin.records["Deal"][:4]):
        sent = {"value": values[-1 - n % len(values)], "next_step": f"step {n}"}
        await twin.admin.patch(f"/api/records/Deal/{deal}", sent)
    gone = twin.records["Deal"].pop()
    await twin.admin.delete(f"/api/records/Deal/{gone}")
    twin.records["gone"] = [gone]
    await _create_tasks(twin, texts[0])
    # Last, for the worlds hold different numbers of them.
    tickets = [
        {"subject": text, "company": _one(twin, "Company", n), "contact": _one(twin, "Contact", n)}
        for n, text in enumerate(secrets.tickets)
    ]
    await _create(twin, HIDDEN_OBJECT, tickets)
    twin.clock.instant += timedelta(hours=1)


async def _create_tasks(twin: Twin, text: str) -> None:
    """Make tasks, of which the viewer may not see what they are called, and delete one."""
    await _create(twin, "Task", [{"subject": f"{text} task {n}"} for n in range(4)])
    task = twin.records["Task"].pop()
    await twin.admin.delete(f"/api/records/Task/{task}")
    twin.records["gone"].append(task)


async def _define(twin: Twin) -> None:
    partner = {"type": "lookup", "references": "Company", "child_name": "secret_deals"}
    masked = {"type": "text", "mask": "last_four"}
    for name, own, body in (
        ("Deal", "secret_partner__c", partner),
        ("Deal", "giro__c", {**masked, "unique": True, "searchable": True}),
        ("Deal", "passage__c", {**masked, "encrypted": "deterministic", "unique": True}),
        ("Contact", "badge__c", {"type": "text", "length": 80, "unique": True}),
    ):
        await twin.admin.post(f"/api/objects/{name}/fields", {"name": own, **body})


async def _create(twin: Twin, name: str, records: list[dict[str, Any]]) -> None:
    twin.clock.instant += timedelta(minutes=1)
    made = await twin.admin.post(f"/api/records/{name}", {"records": records}, status=200)
    twin.records[name] = [one["id"] for one in made["results"]]


def _one(twin: Twin, name: str, number: int) -> str:
    made = twin.records[name]
    return made[number % len(made)]


async def _let_in(twin: Twin) -> None:
    """Make the viewer a member with the set alone, who has a token."""
    component = {"name": "Sees_a_part", **SET}
    await twin.admin.post("/api/metadata/components/permission_set", component)
    claimed = {"email": "ada@acme.example", "password": PASSWORD}
    await twin.admin.post("/api/claim", claimed)
    person = {"email": VIEWER, "name": "Vi", "permission_sets": ["Sees_a_part"]}
    invited = await twin.admin.post("/api/people", person)
    welcome = {"token": invited["invitation"], "password": PASSWORD}
    await twin.viewer.post("/api/welcome", welcome, status=200)
    token = await twin.viewer.post("/api/tokens", {"name": "twin"})
    twin.viewer.http.cookies.clear()
    twin.viewer.http.headers["Authorization"] = f"Bearer {token['token']}"

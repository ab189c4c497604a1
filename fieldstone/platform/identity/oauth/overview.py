"""All connected apps of a tenant, as administrators see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fieldstone.metadata.kinds.connected_app import ConnectedAppBody
from fieldstone.metadata.values import fold
from fieldstone.platform.identity.oauth.statements import APP_SECRETS, GRANTS_OF_APP
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class ShownApp:
    """An app. secret_since: when its secret was made; None without one. people: who use it now."""

    name: str
    body: ConnectedAppBody
    secret_since: datetime | None
    people: int


async def list_apps(tx: Transaction) -> list[ShownApp]:
    """Give the connected apps, in order of their labels."""
    mine = {"tenant": tx.tenant.id}
    secrets = {row["app"]: row["created_at"] for row in await tx.rows(APP_SECRETS, **mine)}
    people = {row["app"]: row["people"] for row in await tx.rows(GRANTS_OF_APP, **mine, now=tx.now)}
    found = [
        ShownApp(name, body, secrets.get(name), people.get(name, 0))
        for name, body in tx.catalog.connected_apps.items()
    ]
    return sorted(found, key=lambda one: fold(one.body.label))

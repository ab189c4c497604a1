"""Nothing in a process grows with the number of tenants: every cache forgets the least used."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from starlette.applications import Starlette

from fieldstone.ids import TenantId
from fieldstone.platform import administrators
from fieldstone.runtime import ready_plans, tenants
from fieldstone.runtime.catalogs import CatalogStore
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.tenants import Tenant
from tests.support.app import OTHER, Api, client_of

FEW = 3
MANY = 12


def a_tenant(number: int) -> Tenant:
    return Tenant(TenantId(number), f"tenant-{number}", "A tenant", "record_p00")


def test_catalogs_of_many_tenants_do_not_pile_up() -> None:
    store = CatalogStore(most=FEW)

    for number in range(MANY):
        store.build(a_tenant(number), 1, [])

    assert len(store._kept) == FEW
    assert len(store._newest) <= FEW
    assert store.find(a_tenant(MANY - 1), 1) is not None
    assert store.find(a_tenant(0), 1) is None


def test_catalog_that_is_used_stays() -> None:
    store = CatalogStore(most=FEW)
    store.build(a_tenant(0), 1, [])

    for number in range(1, MANY):
        store.build(a_tenant(number), 1, [])
        store.find(a_tenant(0), 1)

    assert store.find(a_tenant(0), 1) is not None


def test_versions_of_one_tenant_do_not_pile_up() -> None:
    store = CatalogStore(most=FEW)

    for version in range(1, MANY):
        store.build(a_tenant(1), version, [])

    assert len(store._kept) == FEW


def test_what_follows_from_a_catalog_goes_with_it() -> None:
    catalogs, kept = CatalogStore(most=1), PerCatalog[str](100)

    for number in range(MANY):
        kept.get(catalogs.build(a_tenant(number), 1, []), "key", lambda: "value")
    gc.collect()

    assert len(kept) == 1
    assert len(kept._catalogs) == 1


def test_what_follows_from_one_catalog_does_not_pile_up() -> None:
    catalog, kept = CatalogStore().build(a_tenant(1), 1, []), PerCatalog[int](FEW)

    for number in range(MANY):
        kept.get(catalog, number, lambda: 1)

    assert len(kept) == FEW
    assert len(kept._catalogs[id(catalog)][1]) == FEW


async def test_tenants_and_their_administrators_do_not_pile_up(
    app: Starlette, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "_KEPT", 1)
    monkeypatch.setattr(administrators, "_KEPT", 1)
    engine: Any = app.state.engine

    for name in (None, OTHER, None, OTHER):
        async with client_of(app, name) as api:
            await api.get("/api/objects")

    assert len(engine.directory._found) == 1
    assert len(engine.administrators._found) == 1


async def test_names_of_tenants_that_there_are_not_are_not_kept(api: Api, app: Starlette) -> None:
    engine: Any = app.state.engine

    for number in range(MANY):
        await api.refused("GET", "/deals", headers={"X-Tenant": f"no-{number}"}, status=404)

    assert len(engine.directory._found) <= 1


async def test_plans_of_many_questions_do_not_pile_up(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready_plans._PLANS, "_most", FEW)

    for number in range(MANY):
        fields = ["name", "value", "stage", "owner.name", "close_date"][: number % 5 + 1]
        order = "name" if number % 2 else "value"
        asked = {"object": "Deal", "fields": fields, "order_by": order}
        await api.ask("POST", "/api/query", asked)

    assert len(ready_plans._PLANS) <= FEW

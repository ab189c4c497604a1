"""Catalogs, kept in each process under (tenant, version) and never modified."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from sqlalchemy import Integer, select

from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.localising import TRANSLATION, language_chosen, localised
from fieldstone.metadata.tables import COMPONENT
from fieldstone.metadata.values import read_json
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.tenants import Tenant

ALL_COMPONENTS: Final = prepare(
    select(
        COMPONENT.c.id,
        COMPONENT.c.kind,
        COMPONENT.c.name,
        COMPONENT.c.package,
        COMPONENT.c.body,
        COMPONENT.c.storage,
        COMPONENT.c.created_at,
        COMPONENT.c.deleted_at,
    )
    .where(COMPONENT.c.tenant_id == parameter("tenant", Integer()))
    .order_by(COMPONENT.c.id)
)


def stored_component(row: Any) -> StoredComponent:
    """Read a component out of its row."""
    body, storage = read_json(row["body"]), read_json(row["storage"])
    assert isinstance(body, dict)
    assert isinstance(storage, dict)
    return StoredComponent(
        id=row["id"],
        component=Component(row["kind"], row["name"], body, row["package"]),
        storage=storage,
        created_at=row["created_at"],
        deleted_at=row["deleted_at"],
    )


class CatalogStore:
    """The catalogs of a process, at most so many; the least used falls out."""

    def __init__(self, most: int = 200) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[int, int], Catalog] = OrderedDict()
        self._newest: dict[int, int] = {}
        self._localised: PerCatalog[Catalog] = PerCatalog(most)

    def newest(self, tenant: Tenant, language: str | None = None) -> Catalog | None:
        """Give the newest catalog that is kept, in somebody's language.

        Another process may have made a newer one.
        """
        version = self._newest.get(tenant.id)
        found = None if version is None else self.find(tenant, version)
        return None if found is None else self.in_language(found, language)

    def find(self, tenant: Tenant, version: int) -> Catalog | None:
        """Give a catalog that is kept; None if it must be loaded."""
        key = (tenant.id, version)
        catalog = self._kept.get(key)
        if catalog is not None:
            self._kept.move_to_end(key)
        return catalog

    def in_language(self, catalog: Catalog, wanted: str | None) -> Catalog:
        """Give a catalog in the language that somebody wants, or the organization."""
        if TRANSLATION not in catalog.declared:
            return catalog
        language = language_chosen(catalog, wanted)
        if not language:
            return catalog
        return self._localised.get(catalog, language, lambda: localised(catalog, language))

    def build(self, tenant: Tenant, version: int, rows: list[Any]) -> Catalog:
        """Build and keep the catalog of component rows, as ALL_COMPONENTS gives them."""
        stored = [stored_component(row) for row in rows]
        catalog = build_catalog(tenant.id, version, tenant.leaf, stored)
        self.keep(catalog)
        return catalog

    def keep(self, catalog: Catalog) -> None:
        """Keep a catalog that was built of what is committed."""
        tenant_id, version = catalog.tenant_id, catalog.version
        self._kept[tenant_id, version] = catalog
        self._newest[tenant_id] = max(version, self._newest.get(tenant_id, 0))
        if len(self._kept) > self._most:
            (owner, old), _ = self._kept.popitem(last=False)
            if self._newest[owner] == old:
                del self._newest[owner]

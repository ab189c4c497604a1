"""The catalog of the shipped CRM, built without a database."""

from __future__ import annotations

from functools import cache

from fieldstone.builtin_objects.packages import CRM, shipped_package
from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import StoredComponent


@cache
def crm_catalog() -> Catalog:
    """Give the catalog of tenant 1 with the CRM in it."""
    plan = plan_changes([], Proposal(creates=shipped_package(CRM).components))
    rows = [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(plan.changes, 1)
        if change.after
    ]
    return build_catalog(TenantId(1), 1, "record_p03", rows)

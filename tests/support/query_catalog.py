"""A small catalog to plan queries against, without a database."""

from __future__ import annotations

from typing import Any, Final

from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent

_OBJECTS: Final[dict[str, dict[str, dict[str, Any]]]] = {
    "User": {"name": {"type": "text"}},
    "Company": {
        "name": {"type": "text", "indexed": True},
        "industry": {"type": "picklist", "options": ["Technology", "Retail"]},
    },
    "Deal": {
        "name": {"type": "text", "indexed": True},
        "amount": {"type": "currency"},
        "stage": {"type": "picklist", "options": ["New", "Won"]},
        "close_date": {"type": "date"},
        "signed_at": {"type": "datetime"},
        "company": {
            "type": "lookup",
            "references": "Company",
            "child_name": "deals",
            "aliases": ["AccountId"],
        },
        "region": {"type": "text", "indexed": False},
        "open": {"type": "checkbox"},
        "tags": {"type": "multi_select", "options": ["A", "B"]},
        "notes": {"type": "long_text"},
    },
}
_ALIASES = {"Company": ["Account"], "Deal": ["Opportunity"]}


def a_catalog() -> Catalog:
    """Give the catalog of tenant 1: users, companies and their deals."""
    components = [
        Component(
            "object",
            name,
            {"label": name, "plural_label": f"{name}s", "aliases": _ALIASES.get(name, [])},
        )
        for name in _OBJECTS
    ]
    for name, fields in _OBJECTS.items():
        for field, body in fields.items():
            components.append(Component("field", f"{name}.{field}", {"object": name, **body}))
    plan = plan_changes([], Proposal(creates=tuple(components)))
    rows = [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(plan.changes, 1)
        if change.after
    ]
    return build_catalog(TenantId(1), 1, "record_p03", rows)

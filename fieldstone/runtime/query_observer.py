"""Who watches queries, as transactions know them."""

from __future__ import annotations

from typing import Protocol

from fieldstone.query_language.named_fields import Named
from fieldstone.query_language.used_fields import ObjectUse
from fieldstone.runtime.tenants import Tenant


class QueryObserver(Protocol):
    """Notes how objects are asked for, so that slots and indexes go where they are needed."""

    def saw(self, tenant: Tenant, uses: tuple[ObjectUse, ...], spent_s: float) -> None:
        """Count one query, and how long the database took; cheap, and never an error."""
        ...

    def saw_program(self, tenant: Tenant, token: int, named: Named) -> None:
        """Count what a program asks for; cheap, and never an error."""
        ...

"""Plans that are ready to run: each compiled once per shape, catalog and rights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from weakref import ReferenceType, ref

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.record_access import Breadth
from fieldstone.metadata.rights import Rights
from fieldstone.query_language.compile import Wanted, compile_all, compile_count, compile_page
from fieldstone.query_language.cursor import constants_of_order, digest_of
from fieldstone.query_language.estimates import reads_by_index
from fieldstone.query_language.lifting import Lifted
from fieldstone.query_language.named_fields import Named, named_fields
from fieldstone.query_language.plan import Plan
from fieldstone.query_language.resolve import resolve
from fieldstone.query_language.used_fields import ObjectUse, used_with_access
from fieldstone.runtime.access.breadths import with_breadth
from fieldstone.runtime.long_texts import LONG, worked_out
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.statements import Prepared, prepare, prepare_opening
from fieldstone.runtime.transactions import Transaction

_PLANS_KEPT: Final = 5_000
MOST_OF_KEY: Final = LONG
"""Characters of the shape of a query whose plan is kept: a plan is many times as large."""


@dataclass(slots=True)
class Ready:
    """A plan with its statements, compiled when they are first needed. length: of its text."""

    plan: Plan
    catalog: ReferenceType[Catalog]
    reads_by_index: bool
    order: bytes | None
    uses: tuple[ObjectUse, ...]
    length: int
    pages: dict[Wanted, Prepared] = field(default_factory=dict)
    opening: dict[Wanted, Prepared] = field(default_factory=dict)
    counts: dict[bool, Prepared] = field(default_factory=dict)
    whole: dict[bool, Prepared] = field(default_factory=dict)
    fields: Named | None = None

    def named(self) -> Named:
        """Give the objects and fields that it is about at all."""
        if self.fields is None:
            self.fields = named_fields(self.plan)
        return self.fields

    def digest(self, lifted: Lifted) -> bytes:
        """Give what tells the order of the plan, with the constants in it, from others."""
        return self.order or digest_of(self.plan, lifted.literals)

    async def made(self, make: Callable[[], Prepared]) -> Prepared:
        """Give a statement, made beside the event loop where the query is long."""
        return await worked_out(make, self.length)

    def page(self, wanted: Wanted) -> Prepared:
        """Give the statement of a page."""
        found = self.pages.get(wanted)
        if found is None:
            statement = compile_page(self.plan, self._known(), wanted)
            found = self.pages[wanted] = prepare(statement).compiled()
        return found

    def opening_page(self, wanted: Wanted) -> Prepared:
        """Give the statement of a page that opens its tenant as well."""
        found = self.opening.get(wanted)
        if found is None:
            statement = compile_page(self.plan, self._known(), wanted)
            found = self.opening[wanted] = prepare_opening(statement).compiled()
        return found

    def counted(self, *, cut: bool) -> Prepared:
        """Give the statement that counts, all or up to a cap."""
        found = self.counts.get(cut)
        if found is None:
            statement = compile_count(self.plan, self._known(), cut=cut)
            found = self.counts[cut] = prepare(statement).compiled()
        return found

    def all_rows(self, *, cut: bool) -> Prepared:
        """Give the statement of all rows in one, or of those up to a cap."""
        found = self.whole.get(cut)
        if found is None:
            statement = compile_all(self.plan, self._known(), cut=cut)
            found = self.whole[cut] = prepare(statement).compiled()
        return found

    def _known(self) -> Catalog:
        catalog = self.catalog()
        assert catalog is not None, "a plan is used by those who hold its catalog"
        return catalog


_PLANS: Final[PerCatalog[Ready]] = PerCatalog(_PLANS_KEPT)


async def plan_for(tx: Transaction, lifted: Lifted) -> Ready:
    """Give the plan of a query under the catalog and the rights of tx. Raises InvalidInput.

    Of records that are not all open, it is made anew for how many of them the viewer sees.
    """
    ready = await _plan_under(tx, lifted, tx.rights, Breadth.UNKNOWN)
    rights, breadth = await with_breadth(tx, ready.plan)
    if breadth is Breadth.UNKNOWN:
        return ready
    return await _plan_under(tx, lifted, rights, breadth)


async def _plan_under(tx: Transaction, lifted: Lifted, rights: Rights, breadth: Breadth) -> Ready:
    catalog, length = tx.catalog, len(lifted.key)

    def make() -> Ready:
        plan = resolve(lifted, catalog, rights)
        order = None if constants_of_order(plan) else digest_of(plan)
        return Ready(
            plan, ref(catalog), reads_by_index(plan), order, used_with_access(plan), length
        )

    if length > MOST_OF_KEY:
        return await worked_out(make, length)
    return _PLANS.get(catalog, (rights.digest, breadth, lifted.key), make)

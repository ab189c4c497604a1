"""What showing a value needs to know of the person who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fieldstone.errors import FieldstoneError
from fieldstone.ids import parse_id
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.rights import Rights
from fieldstone.runtime.moments import zone_of
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Viewing:
    """now: the instant of the page, in UTC. currency: of amounts whose field names none.

    then: what stands behind the addresses of records on a page that looks back.
    """

    catalog: Catalog
    rights: Rights
    now: datetime
    zone: ZoneInfo
    locale: str = "en"
    currency: str = "USD"
    then: str = ""

    def address_of(self, record_id: str) -> str | None:
        """Give the address of a record's page; None if its object is not for this viewer."""
        try:
            prefix, _ = parse_id(record_id)
        except FieldstoneError:
            return None
        obj = self.catalog.by_prefix.get(prefix)
        if obj is None or not self.rights.may_read_object(obj.id):
            return None
        return f"/admin/{obj.name}/{record_id}{self.then}"


def viewing_of(tx: Transaction, then: str = "") -> Viewing:
    """Give how the viewer of a transaction looks at values, those of the past where then says."""
    return Viewing(
        catalog=tx.catalog,
        rights=tx.rights,
        now=tx.now,
        zone=zone_of(tx),
        locale=tx.viewer.locale or tx.catalog.organization.locale,
        currency=tx.catalog.organization.currency,
        then=then,
    )

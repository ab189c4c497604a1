"""Components that say an address, such as a condition: they are named, and changed by hand.

Nobody can tell what a rule is to say instead, and one that said nothing might open or close more.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import Integer, Text, cast, select

from fieldstone.metadata.tables import COMPONENT
from fieldstone.runtime.privacy.finding import says
from fieldstone.runtime.privacy.person import like_of, pattern_of
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

_MOST: Final = 200
_SAYING: Final = prepare(
    select(COMPONENT.c.kind, COMPONENT.c.name)
    .where(
        COMPONENT.c.tenant_id == parameter("tenant", Integer()),
        says(cast(COMPONENT.c.body, Text)),
    )
    .order_by(COMPONENT.c.kind, COMPONENT.c.name)
    .limit(_MOST)
)


async def definitions_saying(tx: Transaction, words: Collection[str]) -> tuple[str, ...]:
    """Give kind and name of the components that say one of some words, those in the bin too."""
    if not words:
        return ()
    given = {"like": like_of(words), "pattern": pattern_of(words)}
    rows = await tx.rows(_SAYING, tenant=tx.tenant.id, **given)
    return tuple(f"{row['kind']} {row['name']}" for row in rows)

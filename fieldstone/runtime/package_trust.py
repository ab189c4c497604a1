"""Whose signatures of packages are known to a tenant, and which packages need a word for it.

As soon as a tenant trusts a key, it wants to know who made what it installs: what nobody signed, or
somebody unknown, is installed only if that is said to be meant.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fieldstone.errors import InvalidInput
from fieldstone.metadata.kinds.registry import TRUSTED_KEY
from fieldstone.metadata.kinds.trusted_key import TrustedKeyBody
from fieldstone.metadata.packages import Manifest
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.transactions import Transaction


class Untrusted(InvalidInput):
    """A package of which nobody known here says that it is theirs."""

    code = "package.untrusted"


class Trust(StrEnum):
    """Who vouches for a package."""

    PRODUCT = "product"
    OWN = "own"
    TRUSTED = "trusted"
    UNKNOWN = "unknown"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class Vouching:
    """Who vouches for a package that comes. by: who that is, where it is known.

    must_accept: whether it is installed only if that is said to be meant.
    """

    package: str
    label: str
    trust: Trust
    key: str | None
    by: str | None
    must_accept: bool

    @property
    def message(self) -> str:
        """Tell it in a sentence."""
        match self.trust:
            case Trust.PRODUCT:
                return f"{self.label} comes with the product."
            case Trust.UNSIGNED:
                return f"Nobody signed {self.label}."
            case Trust.UNKNOWN:
                return f"{self.label} is signed with the key {self.key}, which is not trusted here."
            case _:
                return f"{self.label} is signed by {self.by}."

    def as_json(self) -> JsonObject:
        """Give it as callers see it."""
        return {
            "package": self.package,
            "trust": self.trust.value,
            "key": self.key,
            "by": self.by,
            "must_accept": self.must_accept,
            "message": self.message,
        }


def vouching_for(tx: Transaction, said: Manifest, own: str, *, is_shipped: bool) -> Vouching:
    """Tell who vouches for a package. own: the key of the tenant.

    is_shipped: whether it comes with the product. Its signature must have been found good before.
    """
    trusted = trusted_in(tx)
    key = said.signature.key if said.signature is not None else None
    by = None if key is None else signers_in(tx, own).get(key)
    if is_shipped:
        trust = Trust.PRODUCT
    elif key is None:
        trust = Trust.UNSIGNED
    elif by is None:
        trust = Trust.UNKNOWN
    else:
        trust = Trust.OWN if key == own else Trust.TRUSTED
    must_accept = bool(trusted) and trust in (Trust.UNKNOWN, Trust.UNSIGNED)
    return Vouching(said.name, said.label, trust, key, by, must_accept)


def check_accepted(vouchings: Sequence[Vouching], *, accepted: bool) -> None:
    """Refuse packages of strangers unless they are said to be meant. Raises Untrusted."""
    strange = [one for one in vouchings if one.must_accept]
    if strange and not accepted:
        raise Untrusted(
            " ".join(one.message for one in strange),
            at="/accept_untrusted",
            hint="Trust the key, or send accept_untrusted if you know where it comes from.",
        )


def trusted_in(tx: Transaction) -> Mapping[str, TrustedKeyBody]:
    """Give the keys that are trusted here, by their names."""
    declared = tx.catalog.declared.get(TRUSTED_KEY.name, {}).values()
    return {one.name: one.body for one in declared if isinstance(one.body, TrustedKeyBody)}


def signers_in(tx: Transaction, own: str) -> Mapping[str, str]:
    """Give who signs with which key, as far as it is known here. own: the key of the tenant."""
    return {**{one.key: one.label for one in trusted_in(tx).values()}, own: tx.tenant.label}

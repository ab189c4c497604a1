"""The kind organization: what is the same for everybody who works in a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Final, Literal

from babel.core import get_global
from babel.localedata import locale_identifiers
from msgspec import Meta

from fieldstone.clock import zone_names
from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.scope import Scope

ORGANIZATION_NAME: Final = "Organization"
Line = Annotated[str, Meta(max_length=255)]


@dataclass(frozen=True, slots=True)
class OrganizationBody:
    """The organization. What is left out has its usual value.

    name: None for the label of the tenant. currency: the ISO 4217 code of amounts whose field says
    none. time_zone: its IANA name. language: of labels, for those who chose none, such as de;
    left out for the one of the locale. fiscal_month: the first month of the fiscal year, 1 to 12.
    second_factor: who has to have one to sign in. acting: when administrators may act as members.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] = "USD"
    time_zone: Annotated[str, Meta(min_length=1, max_length=80)] = "UTC"
    locale: Annotated[str, Meta(pattern="^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*$")] = "en"
    language: Annotated[str, Meta(pattern="^([a-z]{2,3}(_[A-Z]{2})?)?$")] = ""
    fiscal_month: Annotated[int, Meta(ge=1, le=12)] = 1
    street: Line = ""
    city: Line = ""
    state: Line = ""
    postal_code: Annotated[str, Meta(max_length=40)] = ""
    country: Line = ""
    phone: Annotated[str, Meta(max_length=40)] = ""
    second_factor: Literal["nobody", "administrators", "everybody"] = "nobody"
    acting: Literal["consent", "always"] = "consent"


class OrganizationKind(Kind[OrganizationBody]):
    """The organization, of which there is one, called Organization."""

    name = "organization"
    body_class = OrganizationBody
    shipped = False
    area = SetupArea.ORGANIZATION

    def decides_who_gets_in(self, before: Component | None, after: Component | None) -> bool:
        """Tell whether a change is one of what is asked at the door, or of who may act as whom."""
        was, becomes = (
            OrganizationBody() if one is None else self.read(one) for one in (before, after)
        )
        doors = ((one.second_factor, one.acting) for one in (was, becomes))
        return len(set(doors)) > 1

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield another name, and zones, currencies and locales that nobody knows."""
        if component.name != ORGANIZATION_NAME:
            message = f"There is one organization, called {ORGANIZATION_NAME}."
            yield Problem("metadata.invalid", message, "/name", f"Call it {ORGANIZATION_NAME}.")
        body = self.read(component)
        known: tuple[tuple[str, str, str, frozenset[str]], ...] = (
            ("time_zone", "time zone", body.time_zone, zone_names()),
            ("currency", "currency", body.currency, _currencies()),
            ("locale", "locale", body.locale.replace("-", "_"), _locales()),
        )
        for key, noun, value, names in known:
            if value not in names:
                hint = suggestion(value, names)
                yield Problem("metadata.invalid", f"There is no {noun} {value}.", f"/{key}", hint)


def known_zones() -> tuple[str, ...]:
    """Give the names of all time zones, in order."""
    return tuple(sorted(zone_names()))


def known_currencies() -> tuple[str, ...]:
    """Give the codes of all currencies, in order."""
    return tuple(sorted(_currencies()))


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(get_global("all_currencies"))


@lru_cache(maxsize=1)
def _locales() -> frozenset[str]:
    return frozenset(locale_identifiers())

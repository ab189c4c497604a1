"""What a catalog knows of the organization itself, and of its settings."""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.metadata.calculation import Kind, Value


@dataclass(frozen=True, slots=True)
class Organization:
    """The organization that a tenant is.

    name: None for the label of the tenant. currency: ISO 4217, of amounts whose field says none.
    time_zone: in which days begin for everybody who has no zone of their own. language: in which
    those see labels who chose none; "" for the one of the locale. fiscal_month: the first month of
    its fiscal year, from 1. second_factor: who has to have one to sign in: nobody,
    administrators or everybody. acting: when an administrator may act as a member: consent, only
    when the member allowed it; always.
    """

    name: str | None = None
    currency: str = "USD"
    time_zone: str = "UTC"
    locale: str = "en"
    language: str = ""
    fiscal_month: int = 1
    street: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""
    phone: str = ""
    second_factor: str = "nobody"
    acting: str = "consent"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that formulas read by its name, the same for the whole organization.

    value: as formulas have it. digits, places: of numbers, how many may stand before and after the
    point, whatever the value is now.
    """

    name: str
    kind: Kind
    value: Value
    digits: int = 0
    places: int = 0

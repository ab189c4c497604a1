"""What names with a dollar mean that no record holds: $Organization, $UserRole, $Setup and more.

Values that a catalog knows are constants, for a new value makes a new catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.organization import Organization
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.errors import UnknownName, WrongArguments
from fieldstone.query_language.formula.object_fields import OBJECT_TYPE, object_named
from fieldstone.query_language.formula.pages import ACTION, page_of
from fieldstone.query_language.formula.typed import Constant, MomentValue, Read, Shape, Typed
from fieldstone.query_language.functions.look_up import NAME as VLOOKUP
from fieldstone.query_language.syntax import Path

SETTINGS: Final = ("$setup", "$settings")
_ORGANIZATION: Final = "$organization"
_ROOTS: Final = (
    *("$User", "$UserRole", "$Profile", "$Organization", "$Setup", "$ObjectType", "$Action"),
    "$System",
)
_TEXT: Final = Shape(Kind.TEXT)
_MONTH: Final = Shape(Kind.NUMBER, 2)
_ORIGIN: Final = datetime(1900, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FIXED: Final[Mapping[str, Mapping[str, Typed]]] = {
    "$userrole": {
        "Name": Read(MomentValue.ROLE_LABEL, _TEXT),
        "DeveloperName": Read(MomentValue.ROLE, _TEXT),
    },
    "$system": {"OriginDateTime": Constant(_ORIGIN, Shape(Kind.DATETIME))},
}
"""What follows a root, whatever the tenant: the first instant is that of Salesforce."""


def _text(read: Callable[[Organization], str]) -> Callable[[Organization], Typed]:
    return lambda organization: Constant(read(organization), _TEXT)


_KNOWN: Final[Mapping[str, Callable[[Organization], Typed]]] = {
    "Name": lambda _: Read(MomentValue.ORGANIZATION, _TEXT),
    "Id": lambda _: Read(MomentValue.TENANT, _TEXT),
    "Currency": _text(lambda one: one.currency),
    "Time_Zone": _text(lambda one: one.time_zone),
    "Locale": _text(lambda one: one.locale),
    "Fiscal_Month": lambda one: Constant(Decimal(one.fiscal_month), _MONTH),
    "Street": _text(lambda one: one.street),
    "City": _text(lambda one: one.city),
    "State": _text(lambda one: one.state),
    "Postal_Code": _text(lambda one: one.postal_code),
    "Country": _text(lambda one: one.country),
    "Phone": _text(lambda one: one.phone),
}
_OTHER_NAMES: Final = {
    "TimeZoneSidKey": "Time_Zone",
    "DefaultLocaleSidKey": "Locale",
    "LanguageLocaleKey": "Locale",
    "FiscalYearStartMonth": "Fiscal_Month",
    "DefaultCurrencyIsoCode": "Currency",
}


def _bare(name: str) -> str:
    return fold(name).replace("_", "")


_BY_NAME: Final = {
    **{_bare(name): read for name, read in _KNOWN.items()},
    **{_bare(name): _KNOWN[meant] for name, meant in _OTHER_NAMES.items()},
}


def outside_value(path: Path, catalog: Catalog, rights: Rights) -> Typed | None:
    """Give what a path that begins with a dollar means; None where it is one of $User's.

    Raises UnknownName.
    """
    root, names = fold(path.names[0]), path.names[1:]
    if root == "$user":
        return None
    if root == _ORGANIZATION and len(names) == 1:
        read = _BY_NAME.get(_bare(names[0]))
        if read is None:
            raise _unknown(path, suggestion(names[0], _KNOWN))
        return read(catalog.organization)
    if root in _FIXED and len(names) == 1:
        return _fixed(path, _FIXED[root])
    if root in SETTINGS and names:
        written = ".".join(names)
        setting = catalog.settings.get(fold(written))
        if setting is not None:
            shape = Shape(setting.kind, setting.digits, setting.places)
            return Constant(setting.value, shape)
        raise _unknown(path, suggestion(written, (one.name for one in catalog.settings.values())))
    if root == ACTION:
        return Constant(page_of(path, catalog, rights), _TEXT)
    if root == OBJECT_TYPE:
        if len(names) == 1:
            return Constant(object_named(path, catalog, rights).name, _TEXT)
        raise WrongArguments(f"{path.text[:80]} stands within {VLOOKUP} alone.", at=path.span)
    raise _unknown(path, suggestion(path.names[0], _ROOTS) or f"There are {', '.join(_ROOTS)}.")


def _unknown(path: Path, hint: str | None) -> UnknownName:
    return UnknownName(f"There is no {path.text[:80]}.", at=path.span, hint=hint)


def _fixed(path: Path, known: Mapping[str, Typed]) -> Typed:
    """Give what stands behind a root whose names are the same everywhere. Raises UnknownName."""
    wanted = _bare(path.names[1])
    found = next((one for name, one in known.items() if _bare(name) == wanted), None)
    if found is None:
        raise _unknown(path, suggestion(path.names[1], known))
    return found

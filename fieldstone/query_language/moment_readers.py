"""What expressions read of the moment: the time, the viewer's zone and fiscal year, the viewer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from decimal import Decimal
from typing import Final

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.typed import MomentValue
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import Literal, Moment

_NAMES: Final[Mapping[MomentValue, Callable[[Moment], str]]] = {
    MomentValue.ZONE: lambda moment: str(moment.zone),
    MomentValue.ORGANIZATION: lambda moment: moment.organization,
    MomentValue.TENANT: lambda moment: moment.tenant,
    MomentValue.PROFILE: lambda moment: moment.profile,
    MomentValue.ROLE: lambda moment: moment.role,
    MomentValue.ROLE_LABEL: lambda moment: moment.role_label,
}


def moment_value(wanted: MomentValue, moment: Moment) -> Value:
    """Give what is known of a moment; instants to the thousandth of a second, as records have them.

    The time is that of UTC, as the time of an instant is.
    """
    now = moment.now.astimezone(UTC)
    now = now.replace(microsecond=now.microsecond // 1000 * 1000, tzinfo=None)
    match wanted:
        case MomentValue.NOW:
            return now
        case MomentValue.TODAY:
            return moment.now.astimezone(moment.zone).date()
        case MomentValue.TIME:
            return now.time()
        case MomentValue.FISCAL_MONTH:
            return Decimal(moment.fiscal_month)
        case _:
            assert wanted in _NAMES, "the viewer's id is no value of a formula"
            return _NAMES[wanted](moment)


def moment_reader(wanted: MomentValue) -> Reader:
    """Give the reader of a parameter that takes what is known of a moment."""

    def read(literal: Literal, moment: Moment) -> object:
        return moment.user_id if wanted is MomentValue.USER else moment_value(wanted, moment)

    return read

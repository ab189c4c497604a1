"""What expressions read of the moment: the time, the viewer's zone and fiscal year, the viewer."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import assert_never

from fieldstone.metadata.calculation import Value
from fieldstone.query_language.formula.typed import MomentValue
from fieldstone.query_language.operands import Reader
from fieldstone.query_language.plan import Literal, Moment


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
        case MomentValue.ZONE | MomentValue.ORGANIZATION | MomentValue.TENANT:
            return _name(wanted, moment)
        case MomentValue.FISCAL_MONTH:
            return Decimal(moment.fiscal_month)
        case MomentValue.USER:
            raise AssertionError("the viewer's id is no value of a formula")
        case _:
            assert_never(wanted)


def _name(wanted: MomentValue, moment: Moment) -> str:
    if wanted is MomentValue.ZONE:
        return str(moment.zone)
    return moment.organization if wanted is MomentValue.ORGANIZATION else moment.tenant


def moment_reader(wanted: MomentValue) -> Reader:
    """Give the reader of a parameter that takes what is known of a moment."""

    def read(literal: Literal, moment: Moment) -> object:
        return moment.user_id if wanted is MomentValue.USER else moment_value(wanted, moment)

    return read

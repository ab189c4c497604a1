"""All functions and operators of formulas, in plain sight."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fieldstone.query_language.functions.absolute import Absolute
from fieldstone.query_language.functions.add import Add
from fieldstone.query_language.functions.add_months import AddMonths
from fieldstone.query_language.functions.analysis import (
    Exponential,
    Logarithm,
    NaturalLogarithm,
    SquareRoot,
)
from fieldstone.query_language.functions.blank import BLANKVALUE, ISBLANK, ISNULL, NULLVALUE
from fieldstone.query_language.functions.case_ import Case
from fieldstone.query_language.functions.casesafeid import CaseSafeId
from fieldstone.query_language.functions.characters import CharacterOf, CodeOf
from fieldstone.query_language.functions.conversions import DateTimeValue, DateValue, TimeValue
from fieldstone.query_language.functions.currencyrate import CurrencyRate
from fieldstone.query_language.functions.date_ import MakeDate
from fieldstone.query_language.functions.divide import Divide
from fieldstone.query_language.functions.duration import FormatDuration
from fieldstone.query_language.functions.encode import (
    HTMLENCODE,
    JSENCODE,
    JSINHTMLENCODE,
    UrlEncode,
)
from fieldstone.query_language.functions.equal import Equal, NotEqual
from fieldstone.query_language.functions.extremes import Greatest, Smallest
from fieldstone.query_language.functions.fixed_text import LineBreak, SessionId
from fieldstone.query_language.functions.formatcurrency import FormatCurrency
from fieldstone.query_language.functions.function import Function
from fieldstone.query_language.functions.geolocation import Distance, Geolocation
from fieldstone.query_language.functions.hyperlink import Hyperlink
from fieldstone.query_language.functions.if_ import If, Ifs
from fieldstone.query_language.functions.iferror import IfError
from fieldstone.query_language.functions.image import Image, ImageProxyUrl
from fieldstone.query_language.functions.join import Join
from fieldstone.query_language.functions.length import Length
from fieldstone.query_language.functions.letters import InitCap, Lower, Upper
from fieldstone.query_language.functions.logic import AND, AND_SIGN, NOT, NOT_SIGN, OR, OR_SIGN
from fieldstone.query_language.functions.modulo import Modulo
from fieldstone.query_language.functions.multiply import Multiply
from fieldstone.query_language.functions.now import Now, TimeNow, Today
from fieldstone.query_language.functions.order import (
    GREATER,
    GREATER_OR_EQUAL,
    LESS,
    LESS_OR_EQUAL,
)
from fieldstone.query_language.functions.pad import LeftPad, RightPad
from fieldstone.query_language.functions.part import MID, SUBSTR, Left, Right
from fieldstone.query_language.functions.parts import (
    Day,
    DayOfYear,
    Hour,
    IsoWeek,
    IsoYear,
    Millisecond,
    Minute,
    Month,
    Second,
    Weekday,
    Year,
)
from fieldstone.query_language.functions.periods import (
    CalendarMonth,
    CalendarQuarter,
    CalendarYear,
    ConvertTimezone,
    DayInMonth,
    DayInWeek,
    DayInYear,
    DayOnly,
    FiscalMonth,
    FiscalQuarter,
    FiscalYear,
    HourInDay,
    WeekInMonth,
    WeekInYear,
)
from fieldstone.query_language.functions.picklist import Includes, IsPicked, PicklistCount
from fieldstone.query_language.functions.power import Power
from fieldstone.query_language.functions.rand import Random
from fieldstone.query_language.functions.regex import Regex
from fieldstone.query_language.functions.reverse import Reverse
from fieldstone.query_language.functions.rounding import (
    Ceiling,
    CeilingAbove,
    Floor,
    FloorBelow,
    Round,
    Truncate,
)
from fieldstone.query_language.functions.search import Begins, Contains, Find
from fieldstone.query_language.functions.substitute import Substitute
from fieldstone.query_language.functions.subtract import Negative, Subtract
from fieldstone.query_language.functions.text_of import TextOf
from fieldstone.query_language.functions.trigonometry import (
    ArcCosine,
    ArcSine,
    ArcTangent,
    ArcTangentOfPoint,
    Cosine,
    Pi,
    Sine,
    Tangent,
)
from fieldstone.query_language.functions.trim import Trim
from fieldstone.query_language.functions.unix_time import FromUnixTime, UnixTimestamp
from fieldstone.query_language.functions.urlfor import LinkTo, UrlFor
from fieldstone.query_language.functions.value import IsNumber, ValueOf


def by_name(*functions: Function) -> Mapping[str, Function]:
    """Give functions by their names, each of which stands once."""
    found = {function.name: function for function in functions}
    assert len(found) == len(functions), "two functions have one name"
    return MappingProxyType(found)


FUNCTIONS: Final = by_name(
    Add(),
    Subtract(),
    Negative(),
    Multiply(),
    Divide(),
    Join(),
    Equal(),
    NotEqual(),
    LESS,
    LESS_OR_EQUAL,
    GREATER,
    GREATER_OR_EQUAL,
    AND_SIGN,
    OR_SIGN,
    NOT_SIGN,
    AND,
    OR,
    NOT,
    If(),
    Ifs(),
    Case(),
    ISBLANK,
    ISNULL,
    BLANKVALUE,
    NULLVALUE,
    IfError(),
    TextOf(),
    ValueOf(),
    IsNumber(),
    IsPicked(),
    Includes(),
    PicklistCount(),
    Length(),
    Left(),
    Right(),
    MID,
    SUBSTR,
    Find(),
    Contains(),
    Begins(),
    Substitute(),
    Trim(),
    Hyperlink(),
    LinkTo(),
    UrlFor(),
    Image(),
    ImageProxyUrl(),
    LineBreak(),
    CaseSafeId(),
    Regex(),
    Lower(),
    Upper(),
    InitCap(),
    LeftPad(),
    RightPad(),
    Reverse(),
    CodeOf(),
    CharacterOf(),
    HTMLENCODE,
    JSENCODE,
    JSINHTMLENCODE,
    UrlEncode(),
    FormatCurrency(),
    CurrencyRate(),
    SessionId(),
    Power(),
    Absolute(),
    Round(),
    Truncate(),
    Floor(),
    Ceiling(),
    FloorBelow(),
    CeilingAbove(),
    Modulo(),
    Greatest(),
    Smallest(),
    SquareRoot(),
    Exponential(),
    NaturalLogarithm(),
    Logarithm(),
    Pi(),
    Sine(),
    Cosine(),
    Tangent(),
    ArcSine(),
    ArcCosine(),
    ArcTangent(),
    ArcTangentOfPoint(),
    Geolocation(),
    Distance(),
    Random(),
    MakeDate(),
    DateValue(),
    DateTimeValue(),
    TimeValue(),
    Today(),
    Now(),
    TimeNow(),
    Year(),
    Month(),
    Day(),
    Weekday(),
    DayOfYear(),
    IsoWeek(),
    IsoYear(),
    Hour(),
    Minute(),
    Second(),
    Millisecond(),
    AddMonths(),
    UnixTimestamp(),
    FromUnixTime(),
    FormatDuration(),
    CalendarYear(),
    CalendarQuarter(),
    CalendarMonth(),
    DayInMonth(),
    DayInWeek(),
    DayInYear(),
    DayOnly(),
    WeekInMonth(),
    WeekInYear(),
    HourInDay(),
    FiscalYear(),
    FiscalQuarter(),
    FiscalMonth(),
    ConvertTimezone(),
)

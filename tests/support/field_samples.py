"""Samples of every field type, for the laws that all of them must keep.

A sample says which options to try and how to make JSON that the type accepts; the values of the
laws come out of accept, so that every one of them is a value that can be stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from fieldstone.metadata.field_types.field_type import FieldType
from fieldstone.metadata.field_types.options import build_options
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.values import Json

# Python and PostgreSQL may know different versions of Unicode; they agree on what both know.
CHARACTERS: Final = st.characters(exclude_categories=("Cs", "Cn", "Co"), exclude_characters="\x00")
ANY_TEXT: Final = st.text(st.characters(), max_size=40)
WORDS: Final = st.text(CHARACTERS, max_size=30)
NUMBERS: Final = st.one_of(
    st.integers(-(10**18), 10**18),
    st.decimals(
        allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9
    ),
    st.decimals(allow_nan=False, allow_infinity=False),
)
ANY_JSON: Final[SearchStrategy[Any]] = st.recursive(
    st.one_of(st.booleans(), NUMBERS, ANY_TEXT),
    lambda inner: st.one_of(
        st.lists(st.one_of(st.none(), inner), max_size=4),
        st.dictionaries(ANY_TEXT, st.one_of(st.none(), inner), max_size=4),
    ),
    max_leaves=8,
)
_VALUES: Final = ["Planning", "Active", "On hold", "Straße", "İstanbul", "ΟΔΟΣ"]
_LINK: Final = {"references": "Account"}


@dataclass(frozen=True, slots=True)
class Sample:
    """How one type is tried.

    options: what definitions may say. json: makes JSON that the type may accept, of its options.
    shown_is_read: whether parse promises to read what show gives. wider: whether accept takes
    more than json_schema says, such as another spelling of a picklist's value.
    texts: what people write, good and bad.
    """

    json: Callable[[Any], SearchStrategy[Any]]
    options: tuple[Mapping[str, Json], ...] = ({},)
    shown_is_read: bool = True
    wider: bool = False
    texts: tuple[str, ...] = field(default=())


def _digits(places: int, most: int = 10**9) -> SearchStrategy[Decimal]:
    return st.decimals(min_value=-most, max_value=most, places=places, allow_nan=False)


def _parts(*names: str) -> SearchStrategy[Any]:
    return st.dictionaries(
        st.sampled_from(names), st.one_of(st.none(), st.text(CHARACTERS, max_size=20))
    )


def _ids(*prefixes: str) -> SearchStrategy[str]:
    return st.builds(
        lambda prefix, number: f"{prefix}_{number:x}",
        st.sampled_from(prefixes),
        st.one_of(st.integers(0, 2**63 - 1), st.integers(0, 300)),
    )


def _files(content_types: tuple[str, ...]) -> SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {
            "id": st.builds("file_{:x}".format, st.integers(0, 2**63 - 1)),
            "name": st.text(CHARACTERS, min_size=1, max_size=30),
            "size_bytes": st.integers(0, 1000),
            "content_type": st.sampled_from(content_types),
        }
    )


_DATES: Final = st.dates().map(lambda day: day.isoformat())
# Instants within a second, among them whole ones, tell whether the stored text keeps its width.
_NEAR: Final = st.sampled_from(
    [datetime(2026, 1, 31, 14, 30, second, ms * 1000) for second in (0, 1) for ms in (0, 1, 500)]
)
_INSTANTS: Final = st.builds(
    lambda instant, zone: instant.isoformat() + zone,
    st.one_of(st.datetimes(), _NEAR),
    st.sampled_from(["Z", "+00:00", "+05:30", "-11:00"]),
)
_EMAILS: Final = st.builds(
    "{}@{}.{}".format,
    st.text("abcXYZ019.+_", min_size=1, max_size=12),
    st.text("abcXYZ-", min_size=1, max_size=12),
    st.sampled_from(["com", "ORG", "co.uk", "de"]),
)
_PHONES: Final = st.one_of(
    st.integers(2_000_000_000, 9_999_999_999).map(str),
    st.builds(
        "({}) {}-{}".format, st.integers(201, 989), st.integers(200, 999), st.integers(1000, 9999)
    ),
    st.builds("+{} {}".format, st.integers(1, 99), st.integers(10**6, 10**10)),
    st.text("0123456789+-() x/ext", min_size=3, max_size=20),
)
_URLS: Final = st.builds(
    "{}{}.{}{}".format,
    st.sampled_from(["", "http://", "HTTPS://", "//", "https://user@"]),
    st.text("abcXYZ019-", min_size=1, max_size=12),
    st.sampled_from(["com", "Org/Path?q=1#f", "de:8080", "example.co.uk/ü"]),
    st.text("/abc?=&%20", max_size=8),
)
_HTML: Final = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<b>",
                "</b>",
                "<p>",
                "</p>",
                "<script>",
                "</script>",
                "<a href='javascript:x'>",
                "</a>",
                "&amp;",
                "&lt;",
                "<",
                "<!--",
                "-->",
                "<svg>",
                "<math>",
                "<style>",
                "</style>",
                "<br>",
                "<table>",
                "<td>",
                "<img src=x onerror=y>",
                "<noscript>",
                "<form>",
                "\r\n",
            ]
        ),
        st.text(CHARACTERS, max_size=8),
    ),
    max_size=10,
).map("".join)

SAMPLES: Final[Mapping[str, Sample]] = {
    "text": Sample(lambda o: WORDS, ({}, {"length": 30})),
    "long_text": Sample(lambda o: WORDS),
    "rich_text": Sample(lambda o: _HTML, shown_is_read=False),
    "number": Sample(
        lambda o: st.one_of(_digits(o.places), st.integers(-1000, 1000)),
        ({}, {"precision": 12, "places": 0}, {"lowest": Decimal("-1.5"), "highest": 10}),
        texts=(
            "1,234.50",
            "1.234,50",
            "12,5",
            "1 234",
            "1'234",
            "1,23",
            "--1",
            "1e5",
            "1,2,3",
            ".",
        ),
    ),
    "currency": Sample(
        lambda o: _digits(o.places),
        ({}, {"currency": "EUR"}, {"currency": "JPY", "places": 0}, {"currency": "USD"}),
        texts=("$85,000", "(12.50)", "-$5", "5 EUR", "€5", "US$ 5", "5 apples", "$", "1-2", "$-5"),
    ),
    "percent": Sample(
        lambda o: st.decimals(0, 100, places=o.places),
        ({}, {"lowest": None, "highest": None, "places": 0}),
        texts=("12.5 %", "12,5%", "101%", "%"),
    ),
    "checkbox": Sample(lambda o: st.booleans(), texts=("TRUE", "no", "x", "maybe", "1")),
    "date": Sample(
        lambda o: _DATES,
        texts=(
            "1/31/2026",
            "31/1/2026",
            "31.1.26",
            "Jan 5th, 2026",
            "5 March 2026",
            "20260131",
            "2026-01-31 00:00:00",
            "2/30/2026",
            "13/13/2026",
            "Foo 5, 2026",
        ),
    ),
    "datetime": Sample(
        lambda o: _INSTANTS,
        shown_is_read=False,
        texts=(
            "1/31/2026 2:30 PM",
            "2026-01-31 14:30",
            "Jan 31, 2026, 14:30 UTC",
            "2026-01-31",
            "x",
        ),
    ),
    "time": Sample(
        lambda o: st.one_of(st.times(), _NEAR.map(datetime.time)).map(time.isoformat),
        texts=("2 pm", "12:00 AM", "14:30", "25:00", "13 pm", "14"),
    ),
    "picklist": Sample(
        lambda o: st.one_of(
            st.sampled_from(_VALUES), st.sampled_from(_VALUES).map(str.upper), WORDS
        ),
        (
            {"options": _VALUES},
            {"options": [{"value": "Active", "label": "In progress"}, "Done"], "restricted": False},
        ),
        wider=True,
    ),
    "record_type": Sample(
        lambda o: st.one_of(st.sampled_from(_VALUES), st.sampled_from(_VALUES).map(str.upper)),
        ({"options": _VALUES},),
        wider=True,
    ),
    "multi_select": Sample(
        lambda o: st.lists(st.sampled_from(_VALUES), max_size=5),
        ({"options": _VALUES}, {"options": ["Active", "Done"], "restricted": False}),
        wider=True,
        texts=("Active; planning", "active;active", ";", "nope"),
    ),
    "email": Sample(
        lambda o: _EMAILS,
        texts=("mailto:Bob@Example.COM", "a@b", "a@@b.com", "ü@exämple.de", "a@xn--exmple-cua.de"),
    ),
    "phone": Sample(
        lambda o: _PHONES,
        ({}, {"region": "DE"}),
        texts=("2262649", "(312) 226-2649 x23", "+44 20 7946 0958", "n/a", "312-5550100 / 0101"),
    ),
    "url": Sample(
        lambda o: _URLS,
        texts=(
            "acme.com",
            "javascript:alert(1)",
            "java\nscript:x",
            "mailto:a@b.c",
            "n/a",
            "ftp://a.b",
            "http://[::1]/",
            "http://[",
            "acme.com:99999",
            "localhost:8000",
            "data:text/html,x",
        ),
    ),
    "address": Sample(
        lambda o: _parts("street", "city", "state", "postal_code", "country"),
        shown_is_read=False,
        texts=("1 Main St, Chicago, IL 60607", "Hauptstr. 5, 10115 Berlin, Germany", "x" * 300),
    ),
    "person_name": Sample(
        lambda o: _parts("salutation", "first", "middle", "last", "suffix"),
        shown_is_read=False,
        texts=("Dr. Ann M. Lee Jr.", "Lee, Ann", 'Robert "Bob" Smith', ",", "王小明"),
    ),
    "geolocation": Sample(
        lambda o: st.fixed_dictionaries(
            {
                "latitude": st.decimals(-90, 90, places=8),
                "longitude": st.decimals(-180, 180, places=3),
            }
        ),
        texts=("41.88, -87.63", "41.88 N, 87.63 W", "(1,2)", "91, 0", "1"),
    ),
    "auto_number": Sample(
        lambda o: st.builds(lambda number: f"INV-{number:04}", st.integers(0, 10**6)),
        ({"format": "INV-{0000}"}, {"format": "{YYYY}-{MM}-{00}", "start": 7}),
    ),
    "json": Sample(
        lambda o: ANY_JSON, shown_is_read=True, texts=("{", "[1,", "1e999", '"\\ud800"')
    ),
    "file": Sample(lambda o: _files(("application/pdf", "text/plain")), shown_is_read=False),
    "image": Sample(lambda o: _files(("image/png", "image/svg+xml")), shown_is_read=False),
    "user": Sample(lambda o: _ids("user")),
    "lookup": Sample(lambda o: _ids("company"), ({**_LINK, "on_delete": "restrict"},)),
    "master_detail": Sample(lambda o: _ids("company"), ({**_LINK, "reparentable": True},)),
    "many_to_many": Sample(lambda o: st.lists(_ids("company"), max_size=5), (_LINK,)),
    "polymorphic": Sample(
        lambda o: _ids("company", "deal"), ({}, {"references": ["Account", "Deal"]})
    ),
    "id": Sample(lambda o: _ids("company")),
}


def options_of(name: str) -> SearchStrategy[Any]:
    """Give a strategy of options for a type."""
    field_type: FieldType[Any, Any] = FIELD_TYPES[name]
    return st.sampled_from([build_options(field_type, said) for said in SAMPLES[name].options])

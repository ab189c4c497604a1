"""JSON of every sort, and JSON that is nearly what an endpoint takes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from fieldstone.metadata.field_types.options import option_names
from fieldstone.metadata.field_types.registry import FIELD_TYPES, SPELLINGS

NUMBERS = st.one_of(
    st.integers(-10, 10),
    st.integers(),
    st.sampled_from([2**31, 2**53 + 1, 2**63, 10**30, -(10**40)]),
    st.floats(allow_nan=False, allow_infinity=False),
)
WORDS = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(exclude_categories=()), max_size=8),
    st.sampled_from(
        ["", " ", "\x00", "a\x00b", "\ud800", "\udc00x", "null", "true", "0", "-1", "1e999"]
    ),
    st.sampled_from(["2026-01-31", "2026-02-30", "9999-12-31T23:59:59Z", "a@b.co", "x" * 5000]),
    st.sampled_from(
        ["company_1", "deal_ffffffffffffffff", "user_7fffffffffffffff", "https://[::1"]
    ),
)
SCALARS = st.none() | st.booleans() | NUMBERS | WORDS
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
NAMES = st.one_of(
    st.sampled_from(["name", "Name", "a", "b_1", "c__c", "id", "owner", "x" * 80, "x" * 81, "1a"]),
    st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True),
    WORDS,
)
TYPES = st.sampled_from([*FIELD_TYPES, *SPELLINGS]) | WORDS | ANY_JSON
SHARED: tuple[str, ...] = (
    "label",
    "required",
    "unique",
    "external_id",
    "searchable",
    "indexed",
    "default",
)
SHARED += ("derive", "aliases", "description", "help", "read_only", "object", "child_name")
OPTION_VALUES = st.one_of(
    ANY_JSON,
    st.integers(-1, 300),
    st.booleans(),
    st.lists(st.text(max_size=8) | st.fixed_dictionaries({"value": WORDS}), max_size=4),
    st.sampled_from(["Account", "Deal", "Nothing", "cascade", "restrict", "{0000}", "EUR", "DE"]),
)


@st.composite
def near_fields(draw: st.DrawFn) -> Any:
    """Give the definition of a field that may be right."""
    kind = draw(TYPES)
    known = FIELD_TYPES.get(kind) if isinstance(kind, str) else None
    options = list(option_names(known)) if known else []
    chosen = draw(st.lists(st.sampled_from([*options, *options, *SHARED]), max_size=4))
    definition: dict[str, Any] = {"name": draw(NAMES), "type": kind}
    if known and "references" in options:
        definition["references"] = draw(st.sampled_from(["Account", "Deal", ["Contact", "Lead"]]))
    if known and "options" in options:
        definition["options"] = ["A", "B"]
    return {**definition, **{name: draw(OPTION_VALUES) for name in chosen}}


@st.composite
def near_objects(draw: st.DrawFn) -> Any:
    """Give the definition of an object that may be right."""
    said = st.sampled_from(["label", "plural_name", "prefix", "aliases", "icon", "name_field", "x"])
    extra = draw(st.dictionaries(said, ANY_JSON, max_size=2))
    fields = draw(st.lists(near_fields() | ANY_JSON, max_size=3) | ANY_JSON)
    return {"name": draw(NAMES | ANY_JSON), "fields": fields, **extra}


def near_records(names: list[str]) -> st.SearchStrategy[Any]:
    """Give bodies that may create records of an object with fields of these names."""
    keys = st.one_of(st.sampled_from(names), st.sampled_from(["id", "version"]), WORDS)
    one = st.dictionaries(keys, ANY_JSON, max_size=5)
    wrapped = st.fixed_dictionaries(
        {"records": st.lists(one, max_size=3) | ANY_JSON},
        optional={"all_or_nothing": st.booleans() | ANY_JSON},
    )
    return st.one_of(one, st.lists(one, max_size=3), wrapped, ANY_JSON)


CONDITIONS = st.one_of(
    WORDS,
    st.sampled_from(["name = ", "value > 1e400", "name LIKE '%", "stage = Nowhere", "a.b.c.d = 1"]),
    st.text(alphabet="name=value()'<>!:.,%&| ANDORIN0123456789\x00", max_size=40),
)
FILTER_KEYS = st.sampled_from(
    """and or not field expression op value function arguments operator operands date datetime
    relative_date count currency amount parameter pattern word query object fields where order_by
    alias joins children type_of when else at_most per offset with group_by having""".split()
)
FILTERS = st.recursive(
    ANY_JSON | st.sampled_from(["name", "=", "in", "like", "UPPER", "+", "TODAY", "Deal"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FILTER_KEYS, inner, max_size=4),
    max_leaves=10,
)
QUESTIONS = st.one_of(
    ANY_JSON,
    st.fixed_dictionaries(
        {"object": st.sampled_from(["Deal", "contact", "Nothing"]) | ANY_JSON},
        optional={
            "fields": st.lists(st.sampled_from(["name", "company.name"]) | WORDS) | ANY_JSON,
            "where": CONDITIONS | ANY_JSON | FILTERS,
            "order_by": CONDITIONS | ANY_JSON,
            "limit": NUMBERS | ANY_JSON,
            "cursor": WORDS | ANY_JSON,
            "params": ANY_JSON,
        },
    ),
    st.fixed_dictionaries(
        {"q": CONDITIONS.map(lambda text: f"SELECT name FROM Deal WHERE {text}") | ANY_JSON},
        optional={"params": st.dictionaries(WORDS, ANY_JSON) | ANY_JSON, "cursor": ANY_JSON},
    ),
)

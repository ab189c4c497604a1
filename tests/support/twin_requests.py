"""Requests to everything that there is, as random as what a curious viewer would try."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from starlette.routing import BaseRoute, Route

from fieldstone.metadata.kinds.registry import KINDS
from fieldstone.query_language.render import render_query
from tests.support.twins import HIDDEN_FIELDS, NOW, Asked, Twin
from tests.support.whole_queries import whole_queries

OBJECTS: Final = ("Deal", "Company", "Contact", "Ticket", "User", "Task", "Nothing")
FIELDS: Final = (
    *("name", "stage", "close_date", "probability", "value", "description", "company", "phone"),
    *("secret_partner__c", "company.phone", "company.name", "mobile", "badge__c", "created_at"),
    *("owner", "next_step", "subject", "id", "email", "nothing"),
    *("giro__c", "passage__c"),
)
WORDS: Final = ("alpha", "harbour", "beta", "meadow", "gamma", "415555", "+4930", "delta", "100000")
VALUES: Final = ("1", "250000", "alpha", "Lead", "", "null", "2026-01-11", "0", "harbour 0", "%a%")
_ADDRESSES: Final = ("deals", "companies", "contacts", "tickets", "v1/deals", "v1/tickets")
_NAMES: Final = (
    "Deal",
    "Ticket",
    *HIDDEN_FIELDS,
    "Deal.stage",
    "DealStage",
    "Sees_a_part",
    "nothing",
)
_CHOICES: Final = {
    "object": OBJECTS,
    "field": FIELDS,
    "kind": tuple(KINDS),
    "name": _NAMES,
    "view": ("Alpha", "view_1", "nothing"),
    "value:path": VALUES,
    "what": ("formula", "roll_up", "rule", "default", "field"),
    "version": ("0",),
    "path:path": ("css/fieldstone.css",),
    "token": ("fsi_nothing",),
    "file": ("report", "errors", "nothing"),
}
_MASKED: Final = ("Deal.giro__c", "Deal.passage__c")
_MOST_PER_ROUTE: Final = 40
_PAST: Final = (90, 150, 185, 200, -9999)
"""Seconds from the beginning: between what was put in, after it, and before all of it."""


def ids_of(twin: Twin) -> list[str]:
    """Give ids to ask for: of records seen, deleted and hidden, and one of nothing."""
    seen = itertools.chain.from_iterable(
        twin.records[one][:3] for one in ("Deal", "Company", "Task")
    )
    return [*seen, *twin.records["gone"], *twin.records["Contact"][:2], "ticket_1", "1", "x"]


def addresses(routes: Iterable[BaseRoute], ids: list[str]) -> Iterator[str]:
    """Yield the addresses of all routes that can be read, with something in every gap."""
    for route in routes:
        if isinstance(route, Route) and "GET" in (route.methods or ()):
            gaps = [part.split("}")[0] for part in route.path.split("{")[1:]]
            choices = [_CHOICES.get(gap, ids) for gap in gaps]
            for values in itertools.islice(itertools.product(*choices), _MOST_PER_ROUTE * 2):
                yield _filled(route.path, dict(zip(gaps, values, strict=True)))


def _filled(path: str, values: dict[str, str]) -> str:
    for gap, value in values.items():
        path = path.replace("{" + gap + "}", value or "-")
    return path


def pointed(ids: list[str]) -> Iterator[Asked]:
    """Yield requests that point at each hidden and each masked field, in every place of its own.

    What is drawn by lot seldom names a hidden field of the right object in a clause that stands.
    """
    for one in (*HIDDEN_FIELDS, *_MASKED):
        name, field = one.split(".")
        for text in _pointed_queries(name, field):
            yield Asked("POST", "/api/query", {"q": text})
        for params in (
            {"sort": f"-{field}", "limit": "3"},
            {"fields": f"id,{field}"},
            {"filter": f'{{"{field}": {{"gt": "5"}}}}', "count": "1"},
            {field: "1"},
        ):
            yield Asked("GET", f"/api/records/{name}", params=params)
        yield Asked("GET", f"/admin/{name}", params={"sort": field, "f": f"{field}:is:1"})
        yield Asked("GET", "/admin/_lookup", params={"object": name, "field": field, "q": "alpha"})
        yield Asked("POST", f"/api/records/{name}", {field: "harbour 0"})
    yield from _pointed_elsewhere()
    for key in ids:
        name = key.split("_")[0].capitalize()
        for part in ("", "/history", "/related"):
            yield Asked("GET", f"/api/records/{name}/{key}{part}")
            yield Asked("GET", f"/admin/{name}/{key}{part}")


def _pointed_elsewhere() -> Iterator[Asked]:
    """Yield requests for parts and parents that are hidden, for the hidden object, and words."""
    for obj, path in (("Deal", "secret_partner__c.name"), ("Company", "address.city")):
        for clause in ("", f" WHERE {path} > 'City 3'", f" ORDER BY {path}"):
            yield Asked("POST", "/api/query", {"q": f"SELECT {path} FROM {obj}{clause}"})
            yield Asked("POST", "/api/query", {"q": f"SELECT id FROM {obj}{clause}"})
        yield Asked("POST", "/api/query", {"q": f"SELECT LEFT({path}, 6) t FROM {obj}"})
    for asked in ("COUNT()", "id", "FIELDS(ALL)", "subject", "COUNT(id) n"):
        yield Asked("POST", "/api/query", {"q": f"SELECT {asked} FROM Ticket"})
    for word in WORDS:
        for name in ("Deal", "Company", "Contact", "Ticket"):
            yield Asked("POST", "/api/query", {"q": f"FIND {{{word}}} RETURNING {name}(id)"})
        yield Asked("GET", "/api/search", params={"q": word})


def _pointed_queries(name: str, field: str) -> Iterator[str]:
    """Yield a query for each clause that may ask for a field."""
    yield f"SELECT {field} FROM {name}"
    for condition in (
        f"{field} != null",
        f"{field} > '5'",
        f"{field} > 'b'",
        f"{field} > 50",
        f"{field} LIKE '%harbour%'",
        f"{field} IN ('alpha', 'harbour 0', 'harbour giro 1000', 'harbour code 1001')",
        f"{field} = name",
        f"LEN(TEXT({field})) > 15",
        f"LEN({field}) > 15",
        f"NOT {field} = null",
    ):
        yield f"SELECT COUNT() FROM {name} WHERE {condition}"
    yield f"SELECT id FROM {name} ORDER BY {field} DESC NULLS LAST LIMIT 3"
    yield f"SELECT id FROM {name} ORDER BY LEN(TEXT({field})) LIMIT 3"
    yield f"SELECT COUNT(id) n FROM {name} GROUP BY {field}"
    yield f"SELECT COUNT_DISTINCT({field}) n FROM {name}"
    yield f"SELECT MAX({field}) n FROM {name}"
    yield f"SELECT id i FROM {name} GROUP BY id HAVING MAX({field}) > 'b'"
    yield f"SELECT id FROM {name} LIMIT 1 PER {field}"
    yield f"SELECT TEXT({field}) t, {field} & 'x' u FROM {name}"
    yield f"SELECT id FROM Company WHERE id IN (SELECT company FROM {name} WHERE {field} != null)"
    yield f"SELECT id FROM Company WHERE id IN (SELECT {field} FROM {name})"
    above = f"company.{field}"
    yield f"SELECT {above} FROM Contact WHERE {above} != null ORDER BY {above}"
    yield f"SELECT (SELECT {field} FROM deals), (SELECT id FROM tickets) FROM Company"
    yield f"SELECT (SELECT id FROM deals ORDER BY {field} LIMIT 1) FROM Company"
    yield f"SELECT (SELECT id FROM secret_deals) FROM Company WHERE {field} = null"
    yield f"SELECT {field} FROM {name} AS OF TODAY WHERE {field} != null"


def asked_of(ids: list[str]) -> st.SearchStrategy[Asked]:
    """Give a strategy for requests: reading of every kind, and writing."""
    return st.one_of(
        *_queries(),
        _lists(),
        _pages(ids),
        _searches(),
        _finds(),
        _exports(),
        _writes(ids),
        _metadata(),
    )


def _queries() -> Iterator[st.SearchStrategy[Asked]]:
    texts = st.one_of(whole_queries.map(render_query), _plain_queries())
    explained = st.sampled_from(("", "", "", "EXPLAIN "))
    yield st.builds(
        lambda how, text: Asked("POST", "/api/query", {"q": how + text}), explained, texts
    )
    yield st.builds(
        lambda text, form: Asked("GET", "/api/query", params={"q": text, "format": form}),
        texts,
        st.sampled_from(("json", "csv", "ndjson")),
    )
    yield st.builds(
        lambda text, at: Asked("POST", "/api/query", {"q": f"{text} AS OF {at}"}),
        st.sampled_from(OBJECTS).map(lambda name: f"SELECT FIELDS(ALL) FROM {name}"),
        st.sampled_from([f"{NOW + timedelta(seconds=s):%Y-%m-%dT%H:%M:%SZ}" for s in _PAST]),
    )


def _plain_queries() -> st.SearchStrategy[str]:
    fields, values = st.sampled_from(FIELDS), st.sampled_from(VALUES)
    operators = st.sampled_from(("=", "!=", ">", "<", "LIKE"))
    clauses = st.one_of(
        st.builds(lambda f, o, v: f" WHERE {f} {o} '{v}'", fields, operators, values),
        st.builds(lambda f: f" WHERE {f} = null ORDER BY name", fields),
        st.builds(lambda f: f" WHERE id IN (SELECT {f} FROM Ticket)", fields),
        st.builds(lambda f: f" WHERE id NOT IN (SELECT company FROM Deal WHERE {f} > 1)", fields),
        fields.map(lambda f: f" ORDER BY {f} DESC NULLS LAST"),
        fields.map(lambda f: f" WHERE LEN(TEXT({f})) > 2"),
        st.just(" ALL ROWS"),
        st.just(""),
    )
    shown = st.one_of(
        fields,
        fields.map(lambda f: f"name, {f}"),
        st.sampled_from(
            (
                *("FIELDS(ALL)", "COUNT()", "name, (SELECT name FROM secret_deals)"),
                *("name, (SELECT subject FROM tickets)", "name, (SELECT name, value FROM deals)"),
            )
        ),
        fields.map(lambda f: f"COUNT(id), MAX({f})"),
    )
    groups = st.one_of(st.just(""), fields.map(lambda f: f" GROUP BY {f}"))
    return st.builds(
        lambda s, o, c, g: f"SELECT {s} FROM {o}{c}{g}",
        shown,
        st.sampled_from(OBJECTS),
        clauses,
        groups,
    )


def _lists() -> st.SearchStrategy[Asked]:
    params = st.fixed_dictionaries(
        {},
        optional={
            "sort": st.sampled_from(FIELDS).map(lambda f: f"-{f}") | st.sampled_from(FIELDS),
            "fields": st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3).map(",".join),
            "filter": st.builds(
                lambda f, o, v: f'{{"{f}": {{"{o}": "{v}"}}}}',
                st.sampled_from(FIELDS),
                st.sampled_from(("eq", "gt", "contains")),
                st.sampled_from(VALUES),
            ),
            "q": st.sampled_from(WORDS),
            "count": st.just("1"),
            "limit": st.sampled_from(("2", "100")),
        },
    )
    own = st.builds(lambda f, v: {f: v}, st.sampled_from(FIELDS), st.sampled_from(VALUES))
    paths = st.sampled_from(
        [f"/api/records/{name}" for name in OBJECTS] + [f"/{p}" for p in _ADDRESSES]
    )
    return st.builds(lambda path, some: Asked("GET", path, params=some), paths, params | own)


def _pages(ids: list[str]) -> st.SearchStrategy[Asked]:
    fields, values = st.sampled_from(FIELDS), st.sampled_from(VALUES)
    listed = st.builds(
        lambda name, sort, f, v: Asked(
            "GET", f"/admin/{name}", params={"sort": sort, "f": f"{f}:is:{v}"}
        ),
        *(st.sampled_from(OBJECTS), fields, fields, values),
    )
    opened = st.builds(
        lambda name, one, part: Asked("GET", f"/admin/{name}/{one}{part}"),
        st.sampled_from(OBJECTS),
        st.sampled_from(ids),
        st.sampled_from(("", "/edit", "/related", "/history", "?tab=related")),
    )
    looked_up = st.builds(
        lambda name, f, q: Asked(
            "GET", "/admin/_lookup", params={"object": name, "field": f, "q": q}
        ),
        *(st.sampled_from(OBJECTS), fields, st.sampled_from(WORDS)),
    )
    return st.one_of(listed, opened, looked_up)


def _searches() -> st.SearchStrategy[Asked]:
    words = st.sampled_from(WORDS)
    paths = st.sampled_from(("/search", "/api/search", "/admin/search"))
    return st.builds(lambda path, q: Asked("GET", path, params={"q": q}), paths, words)


def _finds() -> st.SearchStrategy[Asked]:
    return st.builds(
        lambda word, where, f, name: Asked(
            "POST",
            "/api/query",
            {"q": f"FIND {{{word}}} IN {where} FIELDS RETURNING {name}({f})"},
        ),
        st.sampled_from(WORDS),
        st.sampled_from(("ALL", "NAME", "PHONE")),
        st.sampled_from(FIELDS),
        st.sampled_from(OBJECTS),
    )


def _exports() -> st.SearchStrategy[Asked]:
    return st.builds(
        lambda name, form: Asked("GET", "/api/export", params={"object": name, "format": form}),
        st.sampled_from(OBJECTS),
        st.sampled_from(("csv", "ndjson")),
    )


def _writes(ids: list[str]) -> st.SearchStrategy[Asked]:
    bodies = st.dictionaries(
        st.sampled_from(FIELDS), st.sampled_from((*VALUES, *ids, 5, None)), min_size=1, max_size=3
    )
    one = st.builds(
        lambda method, name, key, body: Asked(method, f"/api/records/{name}/{key}", body),
        *(st.sampled_from(("PATCH", "PATCH", "DELETE")), st.sampled_from(OBJECTS)),
        *(st.sampled_from(ids), bodies),
    )
    new = st.builds(
        lambda name, body: Asked("POST", f"/api/records/{name}", body),
        *(st.sampled_from(OBJECTS), bodies),
    )
    put = st.builds(
        lambda name, f, v, body: Asked("PUT", f"/api/records/{name}/by/{f}/{v or '-'}", body),
        *(st.sampled_from(OBJECTS), st.sampled_from(FIELDS), st.sampled_from(VALUES), bodies),
    )
    restored = st.builds(
        lambda name, key: Asked("POST", f"/api/records/{name}/{key}/restore"),
        *(st.sampled_from(OBJECTS), st.sampled_from(ids)),
    )
    return st.one_of(one, new, put, restored)


def _metadata() -> st.SearchStrategy[Asked]:
    described = st.sampled_from(
        [f"/api/objects/{name}" for name in OBJECTS]
        + [f"/api/metadata/components/{kind}" for kind in KINDS]
        + ["/api/openapi.json", "/api/objects", "/api/bin", "/api/jobs", "/admin", "/admin/_counts"]
    )
    changed: st.SearchStrategy[Any] = st.builds(
        lambda name, f: Asked("DELETE", f"/api/objects/{name}/fields/{f}"),
        *(st.sampled_from(OBJECTS), st.sampled_from(FIELDS)),
    )
    return st.one_of(described.map(lambda path: Asked("GET", path)), changed)

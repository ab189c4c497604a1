"""Objects with fields of every kind, and random records of them, as Python and PostgreSQL see them.

Nodes point to a node above them, to a node or a leaf that they are about, and to many friends;
leaves point to a node. The viewer is in New York.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, cast

from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.metadata_changes import change_metadata
from tests.support.naive_values import LABELS, OBJECT, ZONE, Record
from tests.support.query_world import World

TAGS: Final = ("Red", "Green", "Blue")
_OWN: Final[Mapping[str, Mapping[str, object]]] = {
    "title": {"type": "text"},
    "code": {"type": "text", "indexed": False},
    "notes": {"type": "long_text"},
    "size": {"type": "number", "places": 2},
    "loose": {"type": "number", "places": 1, "indexed": False},
    "amount": {"type": "currency"},
    "share": {"type": "percent"},
    "done": {"type": "checkbox"},
    "kind": {
        "type": "picklist",
        "options": [{"value": value, "label": label} for value, label in LABELS.items()],
    },
    "tags": {"type": "multi_select", "options": list(TAGS)},
    "day": {"type": "date"},
    "moment": {"type": "datetime"},
    "hour": {"type": "time"},
    "place": {"type": "geolocation"},
    "parent": {"type": "lookup", "references": "Node__c", "child_name": "parts"},
    "about": {"type": "polymorphic", "references": ["Node__c", "Leaf__c"], "child_name": "told"},
    "friends": {"type": "many_to_many", "references": "Node__c", "child_name": "fans"},
}
_LEAF: Final[Mapping[str, Mapping[str, object]]] = {
    "title": {"type": "text"},
    "weight": {"type": "number", "places": 2},
    "node": {"type": "lookup", "references": "Node__c", "child_name": "leaves"},
}
OBJECTS: Final = {"Node__c": _OWN, "Leaf__c": _LEAF}
REFERENCES: Final = ("parent", "about", "node", "friends")
_TITLES: Final = ("a", "B", "ab", "A_b", "50%", "Ü", "ß", "日本", "")
_NUMBERS: Final = tuple(Decimal(text) for text in ("-1", "0", "0.10", "2.50", "100", "1234.50"))
_DAYS: Final = tuple(
    date.fromisoformat(text)
    for text in ("2026-03-18", "2026-03-17", "2026-03-15", "2026-01-01", "2024-02-29", "2025-12-31")
)
_INSTANTS: Final = tuple(
    datetime.fromisoformat(text)
    for text in (
        "2026-03-18T03:59:59.999",
        "2026-03-18T04:00:00",
        "2026-03-08T06:30:00",
        "2026-03-08T07:30:00",
        "2025-12-31T23:30:00",
        "2026-01-01T04:30:00",
    )
)
_HOURS: Final = (time(0), time(9, 30), time(23, 59, 59))
_PLACES: Final = ((Decimal("52.5"), Decimal("13.4")), (Decimal(0), Decimal(0)))


class NodeSet:
    """A tenant, and its records: those that are there, and under `deleted` those that were.

    No data class: records hold each other, so that Hypothesis would write pages of one.
    """

    def __init__(
        self, world: World, records: dict[str, list[Record]], deleted: dict[str, list[Record]]
    ) -> None:
        self.world = world
        self.records = records
        self.deleted = deleted

    def __repr__(self) -> str:
        return f"NodeSet of {len(self.records['Node__c'])} nodes"


async def a_node_set(world: World, number: int) -> NodeSet:
    """Make a tenant with random records, the same for the same number; 0 has none."""
    own = (await world.another_tenant(f"nodes{number}")).in_zone(ZONE)
    await _define(own)
    chance = random.Random(number)
    counts = (chance.randrange(2, 9), chance.randrange(1, 6)) if number else (0, 0)
    nodes = [_node(chance) for _ in range(counts[0])]
    leaves: list[Record] = [
        {"title": chance.choice(_TITLES) or None, "weight": _some(chance, _NUMBERS), "node": None}
        for _ in range(counts[1])
    ]
    await _create(own, "Node__c", nodes)
    for leaf in leaves:
        leaf["node"] = _some(chance, tuple(nodes))
    await _create(own, "Leaf__c", leaves)
    gone = [leaf for leaf in leaves if chance.random() < 0.3]
    left = [leaf for leaf in leaves if leaf not in gone]
    for place, node in enumerate(nodes):
        node["parent"] = _some(chance, tuple(nodes[:place]))
        node["about"] = _some(chance, (*nodes, *left))
        node["friends"] = [one for one in nodes if chance.random() < 0.3]
    await _point(own, nodes)
    for leaf in gone:
        await own.delete("Leaf__c", leaf["id"])
    return NodeSet(own, {"Node__c": nodes, "Leaf__c": left}, {"Leaf__c": gone})


def _some(chance: random.Random, values: tuple[Any, ...]) -> Any:
    return None if not values or chance.random() < 0.3 else chance.choice(values)


def _node(chance: random.Random) -> Record:
    return {
        "title": chance.choice(_TITLES) or None,
        "code": _some(chance, _TITLES) or None,
        "notes": _some(chance, (*_TITLES, "x" * 300, "x" * 300 + "y")) or None,
        "size": _some(chance, _NUMBERS),
        "loose": _some(chance, (Decimal("-0.5"), Decimal(0), Decimal(7))),
        "amount": _some(chance, _NUMBERS),
        "share": _some(chance, (Decimal(0), Decimal(25), Decimal(100))),
        "done": chance.random() < 0.5,
        "kind": _some(chance, tuple(LABELS)),
        "tags": [tag for tag in TAGS if chance.random() < 0.4] or None,
        "day": _some(chance, _DAYS),
        "moment": _some(chance, _INSTANTS),
        "hour": _some(chance, _HOURS),
        "place": _some(chance, _PLACES),
        "parent": None,
        "about": None,
        "friends": [],
    }


async def _define(world: World) -> None:
    declared = [
        Component("object", name, {"label": name[:-3], "plural_label": f"{name[:-3]}s"})
        for name in OBJECTS
    ]
    for name, fields in OBJECTS.items():
        for field, body in fields.items():
            whole = cast(JsonObject, {"object": name, **body})
            declared.append(Component("field", f"{name}.{field}", whole))
    async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
        await change_metadata(tx, Proposal(creates=tuple(declared)))


async def _create(world: World, name: str, records: list[Record]) -> None:
    """Create records, whose references to themselves come later."""
    if not records:
        return
    ids = await world.create(name, *(_sent(one) for one in records))
    for record, record_id in zip(records, ids, strict=True):
        record["id"] = record_id
        record[OBJECT] = name


async def _point(world: World, nodes: list[Record]) -> None:
    for node in nodes:
        references: dict[str, Json] = {
            name: [one["id"] for one in found] if isinstance(found, list) else found["id"]
            for name in ("parent", "about", "friends")
            if (found := node[name])
        }
        if references:
            await world.change("Node__c", node["id"], references)


def _sent(record: Record) -> dict[str, Json]:
    found = {}
    for name, value in record.items():
        if value is None or name == OBJECT or (name in REFERENCES and not isinstance(value, dict)):
            continue
        found[name] = value["id"] if isinstance(value, dict) else sent_value(value)
    return found


def sent_value(value: Any) -> Json:
    """Give a value as a caller sends it."""
    if isinstance(value, datetime):
        return f"{value.isoformat(timespec='milliseconds')}Z"
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, tuple):
        return {"latitude": value[0], "longitude": value[1]}
    return cast(Json, value)

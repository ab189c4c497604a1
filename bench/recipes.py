"""What the generated records hold: for each field an SQL expression over g, the record's number.

Every expression is computed from g alone, so that two runs make the same rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

SPACING: Final = 4096
"""Between the ids of two records: as if each were minted in a millisecond of its own."""
FIRST_IDS: Final = {
    "User": 0x540000000000000,
    "Campaign": 0x541000000000000,
    "Company": 0x542000000000000,
    "Contact": 0x544000000000000,
    "Deal": 0x548000000000000,
}
USERS: Final = 200
CAMPAIGNS: Final = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records of each object a tenant has."""

    deals: int

    def of(self, name: str) -> int:
        """Give the number of records of an object."""
        return {
            "User": min(USERS, max(2, self.deals // 50)),
            "Campaign": CAMPAIGNS,
            "Company": max(5, self.deals // 20),
            "Contact": max(5, self.deals // 5),
            "Deal": self.deals,
        }[name]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the records of one object are made: values by field, defaults and derived ones too.

    links: fields that refer to others, with the object referred to.
    """

    object: str
    values: Mapping[str, str]
    links: Mapping[str, str] = field(default_factory=dict)


def record_id(name: str, number: str) -> str:
    """Give the SQL of the id of the n-th record of an object, from 0."""
    return f"({FIRST_IDS[name]} + ({number})::bigint * {SPACING})"


def _chance(salt: int, of: int) -> str:
    """Give the SQL of a number from 0 to below of, which looks random and depends on g."""
    return f"((hashint8(g * 31 + {salt})::bigint & 2147483647) % {of})"


def _one_of(salt: int, *values: str) -> str:
    listed = ", ".join(f"'{value}'" for value in values)
    return f"(ARRAY[{listed}])[1 + {_chance(salt, len(values))}]"


def _reference(name: str, salt: int, counts: Counts) -> str:
    number = _chance(salt, counts.of(name))
    return f"('{name.lower()}_' || to_hex({record_id(name, number)}))"


def owner(counts: Counts) -> str:
    """Give the SQL of the user that owns a record."""
    return record_id("User", _chance(99, counts.of("User")))


def recipes(counts: Counts) -> tuple[Recipe, ...]:
    """Give all recipes, those that others refer to first."""
    return (_user(), _campaign(), _company(counts), _contact(counts), _deal(counts))


def _user() -> Recipe:
    return Recipe(
        "User",
        {
            "name": "'Ada Number' || g",
            "first_name": "'Ada'",
            "last_name": "'Number' || g",
            "email": "'user' || g || '@bench.example'",
            "is_active": "true",
            "time_zone": "'UTC'",
            "locale": "'en'",
        },
    )


def _campaign() -> Recipe:
    return Recipe(
        "Campaign",
        {"name": "'Campaign ' || g", "status": "'Planned'", "is_active": "false"},
    )


def _company(counts: Counts) -> Recipe:
    industries = ("Technology", "Finance", "Healthcare", "Retail", "Energy", "Media", "Legal")
    return Recipe(
        "Company",
        {
            "name": f"{_one_of(1, 'Alder', 'Birch', 'Cedar', 'Elm')} || ' Works ' || g",
            "domain": "'company' || g || '.example'",
            "website": "'https://www.company' || g || '.example'",
            "website_domain": "'company' || g || '.example'",
            "industry": f"CASE WHEN {_chance(2, 33)} = 0 THEN 'Biotechnology'"
            f" ELSE {_one_of(3, *industries)} END",
            "type": _one_of(4, "Prospect", "Customer", "Partner"),
            "employees": f"1 + {_chance(5, 5000)}",
            "annual_revenue": f"10000 + {_chance(6, 90_000_000)}",
            "is_key": "false",
            "description": "repeat('We make things that people need. ', 4) || g",
            "external_id": "'C-' || g",
        },
    )


def _contact(counts: Counts) -> Recipe:
    number = f"{_chance(10, counts.of('Company'))}"
    return Recipe(
        "Contact",
        {
            "name": "'Grace Person' || g",
            "first_name": "'Grace'",
            "last_name": "'Person' || g",
            "email": f"'grace.person' || g || '@company' || {number} || '.example'",
            "email_domain": f"'company' || {number} || '.example'",
            "company": _reference("Company", 10, counts),
            "role": "'Unknown'",
            "title": _one_of(11, "Buyer", "Director", "Engineer"),
            "is_key": "false",
            "email_opt_out": "false",
            "do_not_call": "false",
        },
        {"company": "Company"},
    )


_STAGES: Final = {
    "Lead": 10,
    "Qualified": 25,
    "Proposal": 50,
    "Negotiation": 75,
    "Closed Won": 100,
    "Closed Lost": 0,
}


def _deal(counts: Counts) -> Recipe:
    stage = _one_of(20, *_STAGES)
    chances = " ".join(f"WHEN '{name}' THEN {share}" for name, share in _STAGES.items())
    return Recipe(
        "Deal",
        {
            "name": f"{_one_of(21, 'Licences', 'Renewal', 'Machines', 'Service')} || ' deal ' || g",
            # Many small ones and few large ones, to the cent.
            "value": f"trim_scale(round((100 + {_chance(22, 1000)} * {_chance(23, 1000)})"
            f" + {_chance(24, 100)} / 100.0, 2))",
            "stage": stage,
            "probability": f"CASE {stage} {chances} END",
            "close_date": f"(date '2023-01-01' + ({_chance(25, 1460)})::int)::text",
            "company": _reference("Company", 26, counts),
            "contact": _reference("Contact", 27, counts),
            "type": _one_of(28, "New Business", "Expansion", "Renewal"),
            "source": _one_of(29, "Web", "Email", "Phone", "Referral", "Partner", "Event"),
            "campaign": f"CASE WHEN {_chance(30, 10)} = 0"
            f" THEN {_reference('Campaign', 31, counts)} END",
            "forecast_category": _one_of(32, "Pipeline", "Best Case", "Commit", "Closed"),
            "next_step": f"'Call on day ' || {_chance(33, 1000)}",
            "lost_reason": f"CASE WHEN {stage} = 'Closed Lost'"
            f" THEN {_one_of(34, 'Price', 'Competitor', 'Timing')} END",
            "competitor": f"CASE WHEN {_chance(35, 4)} = 0 THEN 'Rival ' || {_chance(36, 50)} END",
            "description": "repeat('They want to begin in spring and asked for terms. ', 4) || g",
            "external_id": "'D-' || g",
        },
        {"company": "Company", "contact": "Contact", "campaign": "Campaign"},
    )

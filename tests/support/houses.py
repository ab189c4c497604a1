"""Two versions of a small package, of houses that are sold with deals."""

from __future__ import annotations

MANIFEST = """\
name: houses
label: Houses
version: {version}
dependencies:
  crm: ">=1"
steps:
  - assign_permission_set: House_Seller
"""
HOUSE = """\
label: House
description: {description}
fields:
  - name: name
    type: text
  - name: stage
    type: picklist
    options: [{options}]
  - name: deal
    type: lookup
    references: Deal
"""
FIRST = {
    "package.yaml": MANIFEST.format(version="1.0.0"),
    "objects/House.yaml": HOUSE.format(description="What is sold.", options="New, Sold"),
    "fields/Deal.houses.yaml": (
        "object: Deal\ntype: number\nlabel: Houses\n"
        "roll_up: {children: House.deal, function: count}\n"
    ),
    "permission_sets/House_Seller.yaml": "label: House seller\nobjects: {House: [read, create]}\n",
}
SECOND = {
    **FIRST,
    "package.yaml": MANIFEST.format(version="1.1.0"),
    "objects/House.yaml": HOUSE.format(description="A home.", options="New, Viewed, Sold")
    + "  - name: area\n    type: number\n",
    "fields/Deal.houses.yaml": FIRST["fields/Deal.houses.yaml"].replace("Houses", "Homes"),
}

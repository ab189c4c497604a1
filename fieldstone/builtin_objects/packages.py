"""The packages that come with the product, read from the declarations beside this file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from fieldstone.metadata.packages import Package, read_folder

CRM: Final = "crm"
SHIPPED: Final = (CRM,)


@cache
def shipped_package(name: str) -> Package:
    """Give a shipped package by its name, which is one of SHIPPED."""
    assert name in SHIPPED, name
    return read_folder(files("fieldstone.builtin_objects") / name)

"""The packages that come with the product, read from the declarations beside this file."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from fieldstone.metadata.changes import MetadataPlan, Proposal, plan_changes
from fieldstone.metadata.packages import Package, read_folder

CRM: Final = "crm"
SHIPPED: Final = (CRM,)


@lru_cache(maxsize=len(SHIPPED))
def shipped_plan(name: str) -> MetadataPlan:
    """Give the plan that installs a shipped package in a tenant without components.

    It is the same for all of them, and takes longer to make than to carry out.
    """
    return plan_changes((), Proposal(creates=shipped_package(name).components))


@cache
def shipped_package(name: str) -> Package:
    """Give a shipped package by its name, which is one of SHIPPED."""
    assert name in SHIPPED, name
    return read_folder(files("fieldstone.builtin_objects") / name)

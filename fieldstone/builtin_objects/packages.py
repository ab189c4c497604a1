"""The packages that come with the product, read from the declarations beside this file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from importlib.resources import files
from typing import Final

from fieldstone.metadata.changes import MetadataPlan, plan_changes
from fieldstone.metadata.package_changes import first_proposal
from fieldstone.metadata.packages import Package, read_folder

CRM: Final = "crm"
SHIPPED: Final = (CRM,)


@lru_cache(maxsize=len(SHIPPED))
def shipped_plan(name: str) -> MetadataPlan:
    """Give the plan that installs a shipped package in a tenant without components.

    It is the same for all of them, and takes longer to make than to carry out.
    """
    return plan_changes((), first_proposal(shipped_package(name)))


@cache
def shipped_package(name: str) -> Package:
    """Give a shipped package by its name, which is one of SHIPPED."""
    assert name in SHIPPED, name
    return read_folder(files("fieldstone.builtin_objects") / name)


class Shipped:
    """The packages that come with the product, as runtime asks for them."""

    @property
    def product(self) -> str:
        """The version of the product."""
        return version("fieldstone")

    @property
    def names(self) -> Sequence[str]:
        """What they are called."""
        return SHIPPED

    def package(self, name: str) -> Package:
        """Give one of them."""
        return shipped_package(name)

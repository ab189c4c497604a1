"""All modules of the package, imported, so that what they declare can be listed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import fieldstone

# Alembic runs its migrations and its environment itself; imported plainly, they fail.
# Messages of SAML need an extra, which not everybody has who writes the pages.
SKIPPED = (
    "fieldstone.platform.database.migrations",
    "fieldstone.platform.identity.providers.saml_messages",
)


def load_modules() -> Iterator[ModuleType]:
    """Import every module of the package, in order of their names."""
    for found in pkgutil.walk_packages(fieldstone.__path__, "fieldstone."):
        if not found.name.startswith(SKIPPED):
            yield importlib.import_module(found.name)

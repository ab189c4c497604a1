"""People whose rights a test says outright, whatever sets they were given."""

from __future__ import annotations

from dataclasses import dataclass

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.rights import ADMINISTRATOR, Rights
from fieldstone.metadata.standing import Standing


@dataclass(frozen=True, slots=True)
class Having(Standing):
    """The standing of somebody with these rights under every catalog."""

    rights: Rights = ADMINISTRATOR

    def rights_under(self, catalog: Catalog) -> Rights:
        """Give the rights as the test said them."""
        return self.rights


def having(rights: Rights) -> Having:
    """Give the standing of somebody with these rights."""
    return Having(rights=rights)

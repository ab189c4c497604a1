"""What signing in by a provider needs, for as long as a process lives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fieldstone.integrations.outgoing import Outgoing
from fieldstone.platform.identity.providers.configuration import ProviderStore
from fieldstone.platform.identity.sealing import Sealer


@dataclass(frozen=True, slots=True)
class ProviderParts:
    """store: what is known of providers. secrets, ways: seal what is kept here and in browsers."""

    store: ProviderStore
    secrets: Sealer
    ways: Sealer


def build_parts(secret_key: str, *, allow_private: bool) -> ProviderParts:
    """Put the parts together. allow_private: whether providers may be within this network."""
    store = ProviderStore(Outgoing(allow_private=allow_private))
    return ProviderParts(store, Sealer(secret_key, "providers"), Sealer(secret_key, "ways"))


def parts_of(request: Any) -> ProviderParts:
    """Give the parts of the application that a request reached."""
    parts: ProviderParts = request.app.state.providers()
    return parts

"""What can go wrong when somebody comes from an identity provider."""

from __future__ import annotations

from fieldstone.errors import Conflict, Forbidden, NotFound, Unavailable


class UnknownProvider(NotFound):
    """No active identity provider of this name."""

    code = "provider.unknown"


class ProviderNotReady(Conflict):
    """An identity provider without a client secret, or with one for another issuer."""

    code = "provider.not_ready"


class ProviderFailed(Unavailable):
    """An identity provider that cannot be reached, or says what it may not say."""

    code = "provider.failed"


class StrayArrival(Forbidden):
    """Somebody comes back from a provider without having set out from here in this browser."""

    code = "provider.stray_arrival"


class ProviderRefused(Forbidden):
    """The provider let nobody in, or what it said of them does not hold."""

    code = "provider.refused"


class NoMember(Forbidden):
    """Somebody whom the provider knows, and this tenant does not."""

    code = "provider.no_member"


class UnknownKey(NotFound):
    """No key pair of this id is kept for an identity provider."""

    code = "provider.unknown_key"


class KeyInUse(Conflict):
    """A third key pair, or forgetting the one that signs while another is there."""

    code = "provider.key_in_use"

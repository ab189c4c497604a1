"""What can be wrong with how somebody says who they are."""

from __future__ import annotations

from fieldstone.errors import Forbidden, InvalidInput, Unavailable


class SignInNeeded(Forbidden):
    """The request must say who asks, and this server cannot take its word for it."""

    code = "access.sign_in_needed"


class WrongCredentials(Forbidden):
    """No such person in this tenant, or another password; which of them is not told."""

    code = "access.wrong_credentials"


class TooManyTries(Unavailable):
    """So many tries failed that more of them wait."""

    code = "access.too_many_tries"


class WeakPassword(InvalidInput):
    """A password that others would guess."""

    code = "access.weak_password"


class BadInvitation(InvalidInput):
    """An invitation that was used, was replaced or is too old."""

    code = "access.bad_invitation"


class LastAdministrator(InvalidInput):
    """Without this person nobody could set the tenant up any more."""

    code = "access.last_administrator"


class StepEnded(Forbidden):
    """A step of signing in that was taken, is too old, or was tried too often."""

    code = "access.step_ended"


class WrongFactor(Forbidden):
    """A code or a passkey that does not prove anything, or not any more."""

    code = "access.wrong_factor"


class ProofNeeded(Forbidden):
    """What is asked for wants to know anew that it is still the same person."""

    code = "access.proof_needed"


class FactorNeeded(InvalidInput):
    """The organization wants a second factor, and this is the last one."""

    code = "access.factor_needed"


class NoPasskeysHere(InvalidInput):
    """The server is reached by a number, and passkeys belong to names."""

    code = "access.no_passkeys_here"


class ActingForbidden(Forbidden):
    """What hangs on who somebody is, and is done by nobody who acts as them."""

    code = "access.acting_forbidden"

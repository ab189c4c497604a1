"""What keeps the values of a field from becoming others."""

from __future__ import annotations

from fieldstone.errors import Conflict, InvalidInput


class LossUnconfirmed(InvalidInput):
    """A change by which records or values are lost, and which was not confirmed with its count."""

    code = "metadata.loss_unconfirmed"


class NeedsJob(Conflict):
    """More values have to become others than can while everybody waits: a job must do it."""

    code = "metadata.needs_job"

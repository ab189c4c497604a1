"""What can keep an embedded server from starting."""

from __future__ import annotations

from fieldstone.errors import Unavailable


class AlreadyRunning(Unavailable):
    """Another Fieldstone process runs the servers of this data directory."""

    code = "embedded.already_running"


class ServerMissing(Unavailable):
    """The programs of an embedded server are not installed."""

    code = "embedded.server_missing"


class DirectoryUnreachable(Unavailable):
    """The account that runs PostgreSQL for root cannot enter the data directory."""

    code = "embedded.directory_unreachable"


class WrongVersion(Unavailable):
    """The data directory was written by another major version of PostgreSQL."""

    code = "embedded.wrong_version"


class StartFailed(Unavailable):
    """An embedded server ended before it answered, or did not answer in time."""

    code = "embedded.start_failed"

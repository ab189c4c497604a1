"""What can be wrong with an import as a whole; what is wrong with a row is in its ledger."""

from __future__ import annotations

from fieldstone.errors import InvalidInput


class BadFile(InvalidInput):
    """A file that cannot be read as a table."""

    code = "import.bad_file"


class BadMapping(InvalidInput):
    """A mapping that names what the file or the object does not have."""

    code = "import.bad_mapping"


class BadKey(InvalidInput):
    """A field by which records cannot be found."""

    code = "import.bad_key"


class BadChoice(InvalidInput):
    """An option of an import with a value that it cannot have."""

    code = "import.bad_option"

"""The page of error codes: one heading for each class that callers can get."""

from __future__ import annotations

import inspect
from itertools import groupby

from docs.reference_pages.modules import load_modules
from fieldstone.errors import FieldstoneError
from fieldstone.platform.errors import STATUSES

HEAD = """# Error codes

Every answer that refuses something has the same shape; all problems of a request come at once.

```json
{"errors": [{"code": "query.unknown_field", "message": "Deal has no field amout.",
             "at": {"line": 1, "column": 14, "length": 5}, "hint": "Did you mean amount?"}],
 "request_id": "r_8f2"}
```

`code` never changes. `at` is a place in a text, or a JSON pointer such as `/fields/discount`.
"""


def render() -> str:
    """Give the page: codes by area, each with its status and meaning."""
    classes = sorted(find_error_classes(), key=lambda found: found.code)
    parts = [HEAD]
    for area, members in groupby(classes, key=lambda found: found.code.split(".")[0]):
        parts.append(f"## {area}\n")
        parts.extend(_render_class(found) for found in members)
    return "\n".join(parts)


def find_error_classes() -> set[type[FieldstoneError]]:
    """Give every class of errors that names a code of its own."""
    for _ in load_modules():
        pass
    found: set[type[FieldstoneError]] = set()
    waiting: list[type[FieldstoneError]] = [FieldstoneError]
    while waiting:
        current = waiting.pop()
        waiting.extend(current.__subclasses__())
        if "code" in vars(current) and current.__module__.startswith("fieldstone."):
            found.add(current)
    return found


def _render_class(found: type[FieldstoneError]) -> str:
    status = next((code for kind, code in STATUSES.items() if issubclass(found, kind)), 500)
    meaning = inspect.cleandoc(found.__doc__ or "")
    return f"### {found.code}\n\nStatus {status}. {meaning}\n"

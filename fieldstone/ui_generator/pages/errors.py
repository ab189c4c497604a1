"""Errors as pages: what happened, what is safe, what to do, and the code to quote."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.errors import Problem
from fieldstone.ui_generator.shell import Place, is_partial, page, part

_TITLES: Final = {
    403: "This is not open to you",
    404: "There is nothing here",
    409: "Somebody was faster",
    422: "This cannot be done as it is",
    500: "Something went wrong on our side",
    503: "Not right now",
}
_SAFE: Final = {
    404: "It may have been deleted or renamed, or the address is mistyped.",
    500: "What you had saved before is safe; the last step was not carried out.",
    503: "What you had saved before is safe. Try again in a moment.",
}


def error_page(request: Request, status: int, problems: tuple[Problem, ...]) -> Response:
    """Give the page, or for htmx the part of one, that tells of an error."""
    values = {
        "heading": _TITLES.get(status, "This did not work"),
        "safe": _SAFE.get(status, ""),
        "problems": problems,
        "request_id": getattr(request.state, "request_id", ""),
        "address": str(request.url.path),
        "repeatable": request.method == "GET",
    }
    if is_partial(request):
        return part(request, "parts/failed.html", status, **values)
    return page(request, None, Place(str(values["heading"])), "error.html", status, **values)

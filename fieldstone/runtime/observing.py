"""Queries are watched: who advises on indexes is told how each one asked, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from fieldstone.query_language.used_fields import ObjectUse
from fieldstone.runtime.ready_plans import Ready
from fieldstone.runtime.transactions import QueryTimeout, Transaction


@contextmanager
def observed(tx: Transaction, uses: tuple[ObjectUse, ...]) -> Iterator[None]:
    """Tell the observer of a transaction how a query asks, and how long its block took.

    A query that is given up for taking too long counts; one that fails or is done again does not.
    """
    observer = tx.observer if uses else None
    began = perf_counter()
    try:
        yield
    except QueryTimeout:
        if observer is not None:
            observer.saw(tx.tenant, uses, perf_counter() - began)
        raise
    if observer is not None:
        observer.saw(tx.tenant, uses, perf_counter() - began)


def note_program(tx: Transaction, ready: Ready) -> None:
    """Tell the observer what a program asks for, by which it is told of changes of the setup."""
    if tx.observer is not None and tx.viewer.token is not None:
        tx.observer.saw_program(tx.tenant, tx.viewer.token, ready.named())


def note_asked(tx: Transaction, uses: tuple[ObjectUse, ...]) -> None:
    """Tell the observer how something is asked whose time is not that of finding it alone."""
    if tx.observer is not None and uses:
        tx.observer.saw(tx.tenant, uses, 0.0)

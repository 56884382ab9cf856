"""Code of other installed packages that a file names: topologies, engines, tax regimes.

A package declares it by an entry point of one of the groups below; listing names runs none of it, and it is loaded when
a file that names it is used. ``$CLUSTERSIM_ONLY`` (a bundle that is verified) leaves all of it out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clustersim.errors import ClusterSimError, InfeasibleError, PackageError, suggest

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["ENGINES", "TAX_REGIMES", "TOPOLOGIES", "brought", "installed", "seconds_of"]

#: ``build(*, cards, cards_per_server, nics_per_card, nic_rate, ports, port_rate, oversubscription)``: a networkx graph
TOPOLOGIES = "clustersim.topologies"
#: ``beside(tokens, *, layers, moe_layers, tp, layer_s, step_s, expert_layer_s) -> seconds, as many as tokens``
ENGINES = "clustersim.engines"
#: ``regime(profits, *, rate, opening, first_taxed) -> clustersim.finance.tax.TaxRows``
TAX_REGIMES = "clustersim.tax_regimes"
#: The same word as ``clustersim.reading.guarded.ONLY``, which stands above.
_ONLY = "CLUSTERSIM_ONLY"


@lru_cache(maxsize=8)
def _points(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda p: (p.name, p.value)):
        if point.name in found and found[point.name].value != point.value:
            raise PackageError(
                f"two packages bring {point.name} of {group}: {found[point.name].value} and {point.value};"
                " uninstall one of them"
            )
        found[point.name] = point
    return found


def installed(group: str) -> tuple[str, ...]:
    """Return the names that installed packages bring to a group, without running any of their code."""
    return () if os.environ.get(_ONLY) else tuple(_points(group))


def brought(group: str, name: str) -> Callable[..., Any]:
    """Return the function behind a name of a group.

    Raises PackageError where no package brings it, where loading it fails (the package and the reason are named), and
    where it cannot be called.
    """
    if os.environ.get(_ONLY):
        raise PackageError(
            f"{name!r} is code of another package, and here nothing but the given folder is used"
        )
    return _loaded(group, name)


@lru_cache(maxsize=64)
def _loaded(group: str, name: str) -> Callable[..., Any]:
    point = _points(group).get(name)
    if point is None:
        raise PackageError(
            f"no installed package brings {name!r} to {group}; {suggest(name, installed(group))}"
        )
    by = f"{group}: {name} = {point.value}" + (f" of {point.dist.name}" if point.dist is not None else "")
    try:
        found = point.load()
    except (Exception, SystemExit) as error:
        raise PackageError(
            f"{by}: cannot be loaded ({type(error).__name__}: {error}); mend or uninstall the package"
        ) from None
    if not callable(found):
        raise PackageError(f"{by}: is no function, but {type(found).__name__}")
    return _named(by, found)


def _named(by: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, whose own failures are said with its name; an InfeasibleError of its own stays one."""

    def called(*words: Any, **given: Any) -> Any:
        try:
            return function(*words, **given)
        except InfeasibleError as error:
            raise InfeasibleError(f"{by}: {error}") from None
        except ClusterSimError as error:
            raise PackageError(f"{by}: {error}") from None
        except (Exception, SystemExit) as error:
            raise PackageError(f"{by}: fails ({type(error).__name__}: {error})") from error

    called.__doc__ = by
    return called


def seconds_of(name: str, tokens: NDArray[np.float64], **given: float) -> NDArray[np.float64]:
    """Return the seconds beside the kernels of iterations of so many tokens, by an engine's code.

    Raises PackageError where it gives another number of values, or one that is negative or no number.
    """
    code = brought(ENGINES, name)
    given_back = code(tokens, **given)
    try:
        found = np.asarray(given_back, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.full(1, np.nan)
    if found.shape != tokens.shape or not np.all(np.isfinite(found)) or np.any(found < 0):
        raise PackageError(
            f"{code.__doc__}: gives {given_back!r}, not a time of 0 s or more for each of {tokens.size}"
        )
    return found

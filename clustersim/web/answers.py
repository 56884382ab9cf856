"""Designs to results: the engine behind one lock, the last results kept by what was asked."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

from clustersim.api.result import Result
from clustersim.api.result import result_of as result_of_run
from clustersim.errors import ClusterSimError
from clustersim.pipeline import run_chain
from clustersim.web.asked import Design

__all__ = ["MOST_KEPT", "base_of", "kept", "result_of", "whole_run"]

T = TypeVar("T")
#: Results of the chain hold some 100 kB each.
MOST_KEPT = 256
_KEPT: OrderedDict[Hashable, object] = OrderedDict()
#: The engine's caches are made for one thread; a point takes milliseconds, so that waiting is short.
_ENGINE = threading.RLock()


def kept(key: Hashable, make: Callable[[], T]) -> T:
    """Return what was made for this key before, or make it; what fails is not kept.

    >>> kept(("an example",), lambda: 1), kept(("an example",), lambda: 2)
    (1, 1)
    """
    with _ENGINE:
        if key in _KEPT:
            _KEPT.move_to_end(key)
            return _KEPT[key]  # type: ignore[return-value]
        made = make()
        _KEPT[key] = made
        while len(_KEPT) > MOST_KEPT:
            _KEPT.popitem(last=False)
        return made


def result_of(design: Design, draws: int = 0) -> Result:
    """Return the run of a design without its simulated months, which no tile shows.

    Raises what ``Scenario.run`` raises.
    """
    return kept(("point", design, draws), lambda: _point(design, draws))


def _point(design: Design, draws: int) -> Result:
    asked = design.ask()
    return result_of_run(asked, run_chain(asked.load(), replications=0), draws)


def whole_run(design: Design) -> Result:
    """Return the run of a design with everything that ``clustersim run`` prints."""
    return kept(("run", design), lambda: design.ask().run())


def base_of(design: Design) -> Result | None:
    """Return the run of the design's file as it stands; None where that cannot be run."""
    try:
        return result_of(Design(design.scenario))
    except ClusterSimError:
        return None

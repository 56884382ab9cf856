"""Designs to results: the engine behind one lock, the last results kept by what was asked."""

from __future__ import annotations

import contextlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from typing import TypeVar

from clustersim.api.result import Result
from clustersim.api.result import result_of as result_of_run
from clustersim.errors import ClusterSimError
from clustersim.pipeline.chain import run_chain
from clustersim.report.labels.notes import Told
from clustersim.report.spoken_errors import chinese_error
from clustersim.schema.quantity import hearing
from clustersim.web.asked import Design
from clustersim.workloads.work import StageCache

__all__ = [
    "MOST_KEPT",
    "RUN_DRAWS",
    "at_once",
    "base_of",
    "is_kept",
    "kept",
    "remarks_of",
    "result_of",
    "stages_of",
    "whole_run",
    "without_place",
]

T = TypeVar("T")
#: Draws where none are stated, as those of ``clustersim run``.
RUN_DRAWS = 64
#: Stages of one scenario that are kept.
MOST_STAGES = 512
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


def is_kept(key: Hashable) -> bool:
    """Return whether something is kept for this key."""
    return key in _KEPT


def result_of(design: Design) -> Result:
    """Return the run of a design without its simulated months, which no tile shows.

    Raises what ``Scenario.run`` raises.
    """
    return kept(("point", design), lambda: _point(design))


def _point(design: Design) -> Result:
    asked = design.ask()
    return result_of_run(asked, run_chain(asked.load(), replications=0, cache=stages_of(design.scenario)))


@lru_cache(maxsize=16)
def stages_of(scenario: str) -> StageCache:
    """Return what the stages of a scenario's designs gave: a plan that one search found is not searched for again."""
    return StageCache(MOST_STAGES)


@contextlib.contextmanager
def at_once() -> Iterator[bool]:
    """Hold the engine where nobody else does: true while it is held, false where somebody else has it."""
    held = _ENGINE.acquire(blocking=False)
    try:
        yield held
    finally:
        if held:
            _ENGINE.release()


def remarks_of(design: Design) -> list[Told]:
    """Return what is said of a design's inputs and is no error, in both languages, without the server's files."""
    return kept(("remarks", design), lambda: _heard(design))


def _heard(design: Design) -> list[Told]:
    with hearing() as heard:
        design.ask().load()
    return [("page.refused", {"en": text, "zh": chinese_error(text)}) for text in map(without_place, heard)]


def without_place(text: str) -> str:
    """Return what is said of an input without the server's file in which it stands.

    >>> without_place("/srv/a.yaml:3: tco.pue: odd"), without_place("--set tco.pue: odd")
    ('tco.pue: odd', 'tco.pue: odd')
    """
    return _PLACE.sub("", text)


#: Where an input stands, before its key: a file of ours and its line, or a flag.
_PLACE = re.compile(r"^(--set |\S+\.ya?ml(:\d+)?: )")


def whole_run(design: Design, draws: int = RUN_DRAWS) -> Result:
    """Return the run of a design with everything that ``clustersim run --draws`` prints."""
    return kept(("run", design, draws), lambda: design.ask().run(draws=draws))


def base_of(design: Design) -> Result | None:
    """Return the run of the design's file as it stands; None where that cannot be run."""
    try:
        return result_of(Design(design.scenario))
    except ClusterSimError:
        return None

"""The tiles of a slider that moves: the first answer of a form is the pattern, those after it are replayed numbers.

A form is a scenario and the keys that are changed, with their units. Its points have their terms, units and tiers in
common; what differs are values, and those a recorded run gives (``clustersim.again``) in well under a millisecond,
equal to a run of their own to 1e-12. Ranges and notes belong to one point: a replayed answer has none, and the page
asks for them once the slider rests.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

from clustersim.again import Again
from clustersim.columns import of_points
from clustersim.errors import InputError
from clustersim.pipeline.chain import ChainRun, run_chain
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs
from clustersim.study.outputs import outputs_of
from clustersim.units import split_quantity
from clustersim.web.answers import stages_of
from clustersim.web.asked import Design, Plain

__all__ = ["form_of", "named_numbers", "numbers_of", "replayed"]


def form_of(design: Design) -> Hashable | None:
    """Return what the points of a moving slider have in common; None where more than values would move.

    >>> one, other = (Design("a", (("tco.tariff", f"{t} CNY/kWh"),)) for t in (0.5, 0.6))
    >>> form_of(one) == form_of(other), form_of(Design("a", (("prices.currencies.USD", 7.0),)))
    (True, None)
    """
    if any(k.startswith("prices.") and not k.startswith("prices.parts.") for k, _ in design.changes):
        return None
    return design.scenario, tuple((key, _unit(value)) for key, value in design.changes)


def _unit(value: Plain) -> str:
    if isinstance(value, bool):
        return repr(value)
    if isinstance(value, int | float):
        return ""
    try:
        return f" {split_quantity(value)[1]}"
    except InputError:
        return repr(value)


@lru_cache(maxsize=16)
def _question(scenario: str) -> Again[Inputs]:
    stages = stages_of(scenario)
    return Again(
        lambda point: load_inputs(scenario, point),
        lambda inputs: named_numbers(run_chain(inputs, replications=0, cache=stages)),
    )


def named_numbers(run: ChainRun) -> dict[str, Any]:
    """Return the outputs of a run by the corridor's names, and its fabric's rates, which studies do not ask for."""
    found: dict[str, Any] = {_term(name): value for name, value in outputs_of(run).items()}
    work = run.own.work("training")
    if work is not None:
        network = work.detail.job.network
        found["scale_up_bytes_per_s"] = of_points(network.scale_up_rate(network.scale_up_size))
        found["scale_out_bytes_per_s"] = of_points(network.scale_out_rate)
    return found


def numbers_of(design: Design) -> Mapping[str, float]:
    """Return the numbers of a design by the names that the corridor's terms have.

    Raises what the run of the design raises.
    """
    return _question(design.scenario).numbers(dict(design.changes))


def replayed(design: Design) -> Mapping[str, float] | None:
    """Return the numbers of a design where a recording that was held to a run has them; None where it is to be run."""
    return _question(design.scenario).replayed(dict(design.changes))


def _term(name: str) -> str:
    year = name.removeprefix("revenue_").removesuffix("_kcny")
    return f"revenue_kcny {year}" if name == f"revenue_{year}_kcny" and year[:4].isdigit() else name

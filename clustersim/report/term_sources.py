"""What each term of a run rests on: the inputs that move it, of which the weakest is its tier."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from clustersim.intervals.draws import bands_of
from clustersim.pipeline.chain import ChainRun
from clustersim.provenance import Sourced, weakest

__all__ = ["predicted_ranges", "rests_on", "source_of"]

_SITE = ("cluster", "cards", "servers", "nics", "switches", "optics")
_WORK = ("cluster", "cards", "nics", "switches", "models", "demand")
_MONEY = (*_SITE, "tco", "prices")
_MARKET = (*_MONEY, "models", "demand", "market", "incumbent")
#: A room's terms, by the ends of their names where these rest on less than the whole room does; the first that fits.
_RESTS_ON: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("fabric", r"scale_up", ("cards",)),
    ("fabric", r"scale_out", ("cluster", "nics")),
    ("perf", r"memory_per_card_bytes$", ("cluster", "models", "demand")),
    ("perf", r"", _WORK),
    ("des", r"mttf_h$", ("cluster", "reliability")),
    ("des", r"", (*_WORK, "reliability", "checkpoint")),
    ("econ", r"it_power_w$", _SITE),
    ("econ", r"facility_power_w$", (*_SITE, "tco.pue")),
    ("econ", r"capex_cny$", _MONEY),
    ("econ", r"kwh_per_", (*_WORK, *_SITE, "tco.pue", "reliability", "checkpoint")),
    ("econ", r"cny_per_card_hour$|opex_|tco_cny", (*_MONEY, "reliability")),
    ("econ", r"", (*_MONEY, "models", "demand", "reliability", "checkpoint")),
    ("market", r"", _MARKET),
    ("finance", r"", (*_MARKET, "company")),
)


def rests_on(room: str, term: str) -> tuple[str, ...]:
    """Return the first parts of the keys that a term rests on.

    >>> rests_on("econ", "it_power_w")[0], "company" in rests_on("finance", "dcf_hkd_m")
    ('cluster', True)
    """
    bare = term.rpartition(".")[2]
    return next(roots for at, pattern, roots in _RESTS_ON if at == room and re.search(pattern, bare))


def source_of(fields: Sequence[tuple[str, Sourced]], room: str, term: str) -> tuple[str, str]:
    """Return the tier of a term and what makes it so: one of its weakest inputs, and how many there are."""
    roots = tuple(f"{root}." for root in rests_on(room, term))
    tier, names = weakest((key, value) for key, value in fields if f"{key}.".startswith(roots))
    if not names:
        return tier, "computed from what the scenario states"
    source = dict(fields)[names[0]].source
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return tier, f"computed; weakest input: {names[0]}{f' ({source})' if source else ''}{more}"


#: Ends of the names of times, and of rates, by the quantity whose residuals bound them.
_TIMES = {"step_time_s": "step_time", "ttft_p50_s": "ttft", "tpot_p50_s": "tpot"}
_RATES = {
    "mfu": "step_time", "tokens_per_s": "step_time", "tokens_per_s_per_card": "step_time",
    "output_tokens_per_s": "throughput",
}  # fmt: skip


def predicted_ranges(run: ChainRun, terms: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Return P10 and P90 of the predicted times and rates among terms, inputs at their values: what the residuals of
    their class of software on their class of card leave open."""
    found: dict[str, tuple[float, float]] = {}
    for work, predicted in bands_of(run.inputs).items():
        for names, is_time in ((_TIMES, True), (_RATES, False)):
            for name, quantity in names.items():
                term = f"{work}.{name}" if f"{work}.{name}" in terms else name
                if quantity not in predicted.bands or term not in terms:
                    continue
                band = predicted.bands[quantity]
                span = band.of_time(terms[term]) if is_time else band.of_rate(terms[term])
                found[term] = (min(span[0], span[2]), max(span[0], span[2]))
    return found

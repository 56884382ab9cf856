"""How good calibration is: a published card taken as unknown, a few of its rows given, its other rows predicted.

The card keeps its nameplate; its efficiencies become the means of its maker's other cards, and its name no constant of
software knows, so that every constant is its class's. Classes of engines were themselves found from several cards, this
one among them: that is left in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.constants import FACTORS, prior_deviations
from clustersim.calibration.fitted import fit, free_factors
from clustersim.calibration.rows import Change, Measured, rows_of
from clustersim.calibration.surrogate import Asked, Surrogate, ask, exact, put_on, surrogate_of
from clustersim.errors import InputError
from clustersim.intervals.maturity import shipped_known
from clustersim.provenance import Sourced
from clustersim.schema.lookup import known_names
from clustersim.schema.profiles import CardProfile, EfficiencyProfile, load_card
from clustersim.validation.domains import DOMAINS, read_rows, shipped_file

__all__ = ["Judged", "Trial", "judge", "shipped_tables", "unknown"]

Array = NDArray[np.float64]
#: Domains whose rows the factors may see.
_DOMAINS = (
    "training", "training_2026", "domestic_training", "collectives", "operators", "serving", "serving_published",
    "serving_published_2026", "serving_latency", "serving_silicon", "serving_silicon_blackwell", "domestic_serving",
)  # fmt: skip
UNKNOWN = "taken as unknown"
#: A maker that no constants were found from.
NOBODY = "a maker taken as unknown"


def shipped_tables() -> list[tuple[str, str, list[dict[str, str]]]]:
    """Return the shipped rows by domain; a measurement that stands in two tables comes once."""
    return [
        (name, name, [dict(r) for r in read_rows(shipped_file(name)).rows])
        for name in _DOMAINS
        if name in DOMAINS
    ]


def unknown(card: CardProfile, *, maker: bool = True) -> Change:
    """Return the change that leaves of a card its nameplate: efficiencies are its maker's other cards' means.

    Without ``maker`` nobody knows who made it either: efficiencies are the means of all other makers' cards, and
    constants of software those of a first port.
    """
    others = [load_card(name) for name in known_names("hwprofiles/cards") if name != card.name]
    mine = [o for o in others if (o.vendor == card.vendor) is maker and o.efficiency.gemm]
    mine = mine or others

    def mean(key: str) -> Sourced | None:
        values = [v.value for o in mine if (v := getattr(o.efficiency, key)) is not None]
        return Sourced(fmean(values), "1", "mean of the maker's other cards", "derived") if values else None

    keys = ("gemm", "gemm_fp8", "gemm_sustained", "memory", "scale_up")
    reduction = mean("scale_up_reduction") if card.scale_up and card.scale_up.wiring == "switched" else None
    shares: dict[str, Any] = {key: mean(key) for key in keys}
    share = EfficiencyProfile.model_construct(**shares, scale_up_reduction=reduction, attention=None)

    def change(found: CardProfile) -> CardProfile:
        hidden = {"name": f"{card.name} {UNKNOWN}", "efficiency": share, "calibrated": None}
        return found.model_copy(update=hidden if maker else {**hidden, "vendor": NOBODY})

    return change


@dataclass(frozen=True)
class Trial:
    """One choice of rows: errors on the rest by class, by calibrated physics, with the discrepancy; cover of 90 %.

    Errors are means, ``class_median`` and ``median`` the medians of the same.
    """

    given: tuple[int, ...]
    class_error: float
    physics_error: float
    error: float
    class_median: float
    median: float
    inside: int
    held: int
    z: Array


@dataclass(frozen=True)
class Judged:
    """A card's trials."""

    card: str
    rows: int
    runs: int
    given: int
    trials: tuple[Trial, ...]

    def middle(self, name: str) -> float:
        """Return the median of an error over the trials."""
        return float(median(getattr(t, name) for t in self.trials))

    @property
    def cover(self) -> float:
        """Share of rows inside their 90 % interval, all trials together."""
        return sum(t.inside for t in self.trials) / max(1, sum(t.held for t in self.trials))


def mean_error(log_predicted: Array, log_measured: Array) -> float:
    """Return the mean of |predicted / measured - 1| of times."""
    return float(np.mean(_errors(log_predicted, log_measured)))


def _errors(log_predicted: Array, log_measured: Array) -> Array:
    return np.asarray(np.abs(np.expm1(log_predicted - log_measured)))


#: Tables of rows: name, domain and rows of each.
Tables = Sequence[tuple[str, str, Sequence[dict[str, str]]]]


def measured_rows(card: CardProfile, tables: Tables, base: Change, most: int, seed: int) -> list[Measured]:
    """Return a card's rows that its class can predict; of many runs ``most`` by lot."""
    found = rows_of(card, tables)
    runs = list(found.runs)
    if len(runs) > most:
        picked = np.random.default_rng(seed).choice(len(runs), most, replace=False)
        kept = {runs[i].id for i in picked}
    else:
        kept = {run.id for run in runs}
    out = []
    for row in found.rows:
        if row.run.id in kept:
            try:
                if math.isfinite(row.log_predicted(put_on(base, np.zeros(len(FACTORS))))):
                    out.append(row)
            except Exception:
                continue
    return out


@dataclass(frozen=True)
class Known:
    """A card taken as unknown, its rows, and their times around its class's constants."""

    card: CardProfile
    rows: tuple[Measured, ...]
    surrogate: Surrogate
    base: Change
    prior: Array


def known_of(
    name: str,
    most: int,
    seed: int = 0,
    *,
    maker: bool = True,
    tables: Tables | None = None,
    asked: Asked = ask,
) -> Known:
    """Return a card taken as unknown with its rows, of ``tables`` or the shipped ones, and their surrogate.

    Raises InputError where none of them can be predicted.
    """
    card = load_card(name)
    base = unknown(card, maker=maker)
    rows = measured_rows(card, shipped_tables() if tables is None else tables, base, most, seed)
    if not rows:
        raise InputError(f"no row can be predicted of {card.name} taken as unknown; give others with --data")
    known = shipped_known()
    hidden = f"{card.name} {UNKNOWN}"
    vendor = card.vendor if maker else NOBODY
    classes = sorted({known.maturity(r.software, hidden, vendor) for r in rows if r.software})
    at = np.zeros(len(FACTORS))
    return Known(card, tuple(rows), surrogate_of(rows, base, at, asked), base, prior_deviations(classes))


def judge(
    known: Known, given: int, trials: int, seed: int, tell: Callable[[], None] = lambda: None
) -> Judged:
    """Return trials of a card: ``given`` rows by lot, each with all that it measured, the rest predicted.

    Raises InputError where no row would be left to predict.
    """
    runs = {name: i for i, name in enumerate(dict.fromkeys(row.run.id for row in known.rows))}
    if not 0 < given < len(runs):
        raise InputError(f"{given} rows given of {len(runs)} that {known.card.name} has; give fewer")
    out = []
    for number in range(trials):
        rng = np.random.default_rng([seed, number])
        mine = set(rng.choice(len(runs), given, replace=False).tolist())
        picked = np.array([i for i, row in enumerate(known.rows) if runs[row.run.id] in mine], dtype=np.int64)
        out.append(_trial(known, picked))
        tell()
    return Judged(known.card.name, len(known.rows), len(runs), given, tuple(out))


def _trial(known: Known, picked: NDArray[np.int64]) -> Trial:
    rest = np.setdiff1d(np.arange(len(known.rows)), picked)
    mine, others = ([known.rows[i] for i in part] for part in (picked, rest))
    surrogate = known.surrogate.some(picked)
    prior = np.where(free_factors(mine, surrogate, known.prior), known.prior, 0.0)
    found = fit(mine, surrogate, prior)
    y = np.array([row.log_time for row in others])
    physics, mean, deviation = found.predict(others, known.surrogate.some(rest))
    before, after = _errors(known.surrogate.log_time[rest], y), _errors(mean, y)
    return Trial(
        tuple(int(i) for i in picked), float(before.mean()), mean_error(physics, y), float(after.mean()),
        float(np.median(before)), float(np.median(after)),
        int((np.abs(y - mean) <= 1.645 * deviation).sum()), len(others), found.mean,
    )  # fmt: skip


def surrogate_error(known: Known, z: Array, rows: Sequence[int]) -> float:
    """Return the mean difference of ln times by the surrogate from exact runs at some factors."""
    some = [known.rows[i] for i in rows]
    there = exact(some, put_on(known.base, z))
    return float(np.mean(np.abs(known.surrogate.some(np.array(rows)).log_times(z) - there)))

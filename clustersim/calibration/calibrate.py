"""A card's factors from measured rows: which rows, from what prior, found how, and how good on rows left out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.constants import FACTORS, prior_deviations
from clustersim.calibration.fitted import Draws, Fitted, fit, free_factors
from clustersim.calibration.posterior import TOLD
from clustersim.calibration.rows import Measured, Rows, rows_of
from clustersim.calibration.store import Store
from clustersim.calibration.surrogate import Surrogate, exact, put_on, surrogate_of
from clustersim.errors import ClusterSimError, InputError
from clustersim.intervals.maturity import FIRST, shipped_known
from clustersim.schema.calibrated import FoundErrors
from clustersim.schema.profiles import CardProfile
from clustersim.special import Z90
from clustersim.validation.common import reason_of
from clustersim.validation.sites import Unpredictable

__all__ = ["IDENTIFIED", "MOST_RUNS", "Calibration", "Factor", "calibrate"]

Array = NDArray[np.float64]
#: Runs that a posterior is found from; of more, these are chosen by lot, and the rest are rows left out.
MOST_RUNS = 40
#: A factor is identified where its deviation has shrunk by this share of the prior's.
IDENTIFIED = TOLD
#: Or where its middle has moved by this many of the prior's deviations.
MOVED = 0.5
#: Times that a surrogate is taken anew at the posterior's middle, and how far the middle may lie from its point.
ROUNDS, NEAR = 2, 0.15
#: A row with less probability of being right is an outlier.
OUTLIER = 0.5


def _as_it_is(card: CardProfile) -> CardProfile:
    """The card as its profile states it, without the factors that an earlier calibration found."""
    return card.model_copy(update={"calibrated": None})


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor's prior and posterior (median, P10, P90), and what the rows say of it."""

    name: str
    prior_deviation: float
    median: float
    low: float
    high: float
    free: bool
    shrunk: float
    """1 - posterior deviation / prior deviation, the latter at the scales that the rows bear out."""
    correlated: tuple[str, float]
    """The factor that it is most correlated with."""
    rests_on: str = ""
    """The row that alone tells of it: were that wrong, no other would say so."""

    @property
    def says(self) -> str:
        """What the rows say of it, in a word."""
        if not self.free:
            return "not seen"
        moved = abs(math.log(self.median)) / self.prior_deviation
        return "identified" if self.shrunk >= IDENTIFIED or moved >= MOVED else "these rows say nothing"


@dataclass(frozen=True)
class Calibration:
    """The posterior of a card's factors, and what it rests on."""

    card: CardProfile
    rows: Rows
    used: tuple[Measured, ...]
    beyond: tuple[Measured, ...]
    """Rows that were not calibrated on because there were more than enough."""
    classes: tuple[str, ...]
    before: Array
    """ln predicted time of the used rows before."""
    fitted: Fitted
    drawn: Draws
    surrogate_error: float
    """Mean absolute difference of ln times by the surrogate from exact runs at the posterior's middle and at draws."""
    after_beyond: tuple[Array, Array, Array] | None
    """ln times of the rows beyond: before, by the calibrated physics, with the discrepancy."""
    taken: int
    """Times that an interrupted calibration had left."""

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """Every factor with what the rows say of it, from the draws."""
        z, prior = self.drawn.z, self.fitted.prior
        alone = self.fitted.best.alone()
        usual = prior_deviations(self.classes)
        middle, low, high = (np.exp(np.quantile(z, q, axis=0)) for q in (0.5, 0.1, 0.9))
        deviation = z.std(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = np.nan_to_num(np.atleast_2d(np.corrcoef(z.T)))
        np.fill_diagonal(correlation, 0.0)
        out = []
        for j, name in enumerate(FACTORS):
            free = bool(prior[j] > 0)
            most = int(np.argmax(np.abs(correlation[j])))
            spread = (low[j], high[j]) if free else (math.exp(-Z90 * usual[j]), math.exp(Z90 * usual[j]))
            out.append(Factor(
                name, float(usual[j]), float(middle[j]) if free else 1.0, float(spread[0]), float(spread[1]), free,
                float(1.0 - deviation[j] / prior[j]) if free else 0.0, (FACTORS[most], float(correlation[j, most])),
                self.used[int(alone[j])].id if free and alone[j] >= 0 else "",
            ))  # fmt: skip
        return tuple(out)

    @property
    def identified(self) -> tuple[Factor, ...]:
        """The factors that the rows say something about."""
        return tuple(f for f in self.factors if f.says == "identified")

    @cached_property
    def left_out(self) -> tuple[Array, Array]:
        """Residuals ln(measured / predicted) of used rows, each left out: by the physics, and with the discrepancy."""
        return self.fitted.best.physics_left_out(), self.fitted.best.left_out()[0]

    @cached_property
    def errors(self) -> dict[str, FoundErrors]:
        """By quantity, the residuals that the card's profile keeps: of rows that are right."""
        physics, right = self.left_out[0], self.fitted.right
        out: dict[str, FoundErrors] = {}
        for quantity in ("step_time", "throughput", "ttft", "tpot"):
            mine = [i for i, row in enumerate(self.used) if row.quantity == quantity and right[i] >= OUTLIER]
            if mine:
                voices = {(self.used[i].software, self.used[i].words.get("model", "")) for i in mine}
                out[quantity] = FoundErrors(
                    log_ratio=tuple(round(float(physics[i]), 4) for i in mine),
                    voices=len(voices),
                    software=tuple(sorted({self.used[i].software for i in mine})),
                )
        return out

    @property
    def correlation(self) -> dict[str, dict[str, float]]:
        """Correlations of the logarithms of identified factors, each pair once; those below 0.05 are left out."""
        names = [f.name for f in self.identified]
        at = [FACTORS.index(name) for name in names]
        if len(names) < 2:
            return {}
        matrix = np.atleast_2d(np.corrcoef(self.drawn.z[:, at].T))
        out: dict[str, dict[str, float]] = {}
        for i, a in enumerate(names):
            for j in range(i + 1, len(names)):
                if abs(matrix[i, j]) >= 0.05:
                    out.setdefault(a, {})[names[j]] = round(float(matrix[i, j]), 3)
        return out


def _usable(rows: Rows) -> tuple[list[Measured], list[tuple[str, str]]]:
    """Rows that run with all factors at 1, and those that do not with the reason."""
    good, bad = [], []
    change = put_on(_as_it_is, np.zeros(len(FACTORS)))
    for row in rows.rows:
        try:
            row.log_predicted(change)
        except (Unpredictable, ClusterSimError, ZeroDivisionError) as error:
            bad.append((row.id, reason_of(error)))
        else:
            good.append(row)
    return good, bad


def _chosen(rows: Sequence[Measured], seed: int) -> tuple[list[Measured], list[Measured]]:
    """The rows of at most ``MOST_RUNS`` runs by lot, and the others."""
    runs = list(dict.fromkeys(row.run.id for row in rows))
    if len(runs) <= MOST_RUNS:
        return list(rows), []
    picked = set(np.random.default_rng(seed).choice(len(runs), MOST_RUNS, replace=False).tolist())
    kept = {run for i, run in enumerate(runs) if i in picked}
    return [r for r in rows if r.run.id in kept], [r for r in rows if r.run.id not in kept]


def _classes(card: CardProfile, rows: Sequence[Measured]) -> tuple[str, ...]:
    known = shipped_known()
    found = {known.maturity(row.software, card.name, card.vendor) for row in rows if row.software}
    # Collectives and operators name no software: they stand where the card itself stands.
    return tuple(sorted(found or {known.maturity("", card.name, card.vendor)})) or (FIRST,)


def _most(card: CardProfile) -> Array:
    """Largest ln factors: no share of a nameplate passes 1."""
    share = card.efficiency
    bounds = {
        "matrix": share.gemm,
        "memory": share.memory,
        "scale_up": share.scale_up,
        "attention": share.attention,
    }
    found = (bounds.get(name) for name in FACTORS)
    return np.array([math.inf if value is None else -math.log(value.value) for value in found])


def _about(card: CardProfile, rows: Sequence[Measured], at: Array) -> str:
    """What the times of a card's rows depend on besides run and factor."""
    text = "|".join([
        _as_it_is(card).model_dump_json(), *(f"{r.id}:{r.log_time!r}:{r.software}:{sorted(r.words.items())}:"
                                             f"{sorted(r.sizes.items())}" for r in rows),
        *(f"{v:.9f}" for v in at),
    ])  # fmt: skip
    return hashlib.sha256(text.encode()).hexdigest()


def calibrate(
    card: CardProfile,
    tables: Sequence[tuple[str, str, Sequence[dict[str, str]]]],
    *,
    draws: int = 400,
    seed: int = 0,
    store: Store | None = None,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> Calibration:
    """Return the posterior of a card's factors from tables of rows: name, domain and rows of each.

    Raises InputError where no row is the card's, or none of them can be predicted.
    """
    rows = rows_of(card, tables)
    good, bad = _usable(rows)
    if not good:
        aside = "; ".join(f"{at}: {why}" for at, why in (*rows.aside, *bad)[:5])
        raise InputError(f"no row can be predicted of {card.name}" + (f": {aside}" if aside else
                         "; the rows name other cards (columns gpu, card, system)"))  # fmt: skip
    used, beyond = _chosen(good, seed)
    classes = _classes(card, used)
    prior = prior_deviations(classes)
    keeper = store or Store()
    runs = len({row.run.id for row in used}) * (len(FACTORS) + 1)
    count = [0]

    def told() -> None:
        count[0] += 1
        tell(min(count[0], (ROUNDS + 1) * runs), (ROUNDS + 1) * runs)

    first, last, fitted = _rounds(card, used, prior, keeper, told)
    drawn = Draws(np.minimum(fitted.draws(draws, seed).z, _most(card)))
    error = _checked(used, last, fitted, drawn, seed)
    held = _held(beyond, last, fitted, keeper, card, told) if beyond else None
    tell((ROUNDS + 1) * runs, (ROUNDS + 1) * runs)
    return Calibration(
        card, Rows(rows.rows, (*rows.aside, *bad)), tuple(used), tuple(beyond), classes, first.log_time, fitted, drawn,
        error, held, keeper.taken,
    )  # fmt: skip


def _rounds(
    card: CardProfile, used: Sequence[Measured], prior: Array, keeper: Store, told: Callable[[], None]
) -> tuple[Surrogate, Surrogate, Fitted]:
    """The first surrogate, the last, and the posterior by the last: taken anew where the middle has moved on."""
    at = np.zeros(len(FACTORS))
    first = surrogate = surrogate_of(used, _as_it_is, at, keeper.asked(_about(card, used, at), told))
    free = np.where(free_factors(used, surrogate, prior), prior, 0.0)
    fitted = fit(used, surrogate, free)
    for _ in range(ROUNDS):
        if np.abs(fitted.mean - at).max() < NEAR:
            break
        at = fitted.mean
        surrogate = surrogate_of(used, _as_it_is, at, keeper.asked(_about(card, used, at), told))
        fitted = fit(used, surrogate, free, at)
    return first, surrogate, fitted


def _checked(
    used: Sequence[Measured], surrogate: Surrogate, fitted: Fitted, drawn: Draws, seed: int
) -> float:
    """Mean difference of ln times by the surrogate and by exact runs, at the middle and at two draws, of some rows."""
    rng = np.random.default_rng([seed, 1])
    picked = np.sort(rng.choice(len(used), min(len(used), 12), replace=False))
    some = [used[i] for i in picked]
    points = [fitted.mean, *drawn.z[rng.choice(len(drawn.z), 2, replace=False)]]
    off = [surrogate.some(picked).log_times(z) - exact(some, put_on(_as_it_is, z)) for z in points]
    return float(np.mean(np.abs(off)))


def _held(
    beyond: Sequence[Measured], surrogate: Surrogate, fitted: Fitted, keeper: Store, card: CardProfile,
    told: Callable[[], None],
) -> tuple[Array, Array, Array]:  # fmt: skip
    """ln times of rows beyond those used, at most two hundred: before, by the physics, with the discrepancy."""
    some = list(beyond)[:200]
    before = exact(some, put_on(_as_it_is, np.zeros(len(FACTORS))))
    here = exact(some, put_on(_as_it_is, fitted.mean))
    there = Surrogate(fitted.mean, here, np.zeros((len(some), len(FACTORS))))
    physics, mean, _ = fitted.predict(some, there)
    return before, physics, mean

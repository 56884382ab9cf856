"""What it is worth to know a scenario's unknowns: each alone, by the measurements of the kit, and in which order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.calibration.information import (
    Outcome,
    Shares,
    Signals,
    correlation_of,
    fitted_outcome,
    perfect,
    scores,
    shares,
    value_of,
)
from clustersim.errors import InputError, suggest
from clustersim.pipeline.chain import run_chain
from clustersim.planner.uncertainty import ChainDraws, chain_draws, chain_outcomes
from clustersim.schema.load_inputs import load_inputs
from clustersim.schema.readers import refuse_unread

__all__ = ["BUY_OR_RENT", "Measurement", "Step", "Worth", "decision_of", "measurements", "order", "worth"]

Array = NDArray[np.float64]
#: The decision that needs no key: the cluster's card-hour, or the market's rent of the card.
BUY_OR_RENT = "buy-or-rent"
#: Errors of prediction of one workload that move together more than this are one; ends of a band are ties.
_ONE = 0.9
#: Outputs of which more is better.
_MORE = re.compile(r"hkd|value|tokens_per_s|mfu|ettr|requests_per_s|efficiency|margin|revenue|asp")


@dataclass(frozen=True)
class Measurement:
    """One measurement: which unknowns it tells of, how loudly, and the deviation of its noise, all of ln."""

    name: str
    tells: Mapping[str, float]
    noise: float


#: Step of the kit (or question to a supplier) -> keys of a card that it tells of (after ``cards.NAME.``), noise of ln.
#: The noise is the assumption of what one server's run repeats to, and of how far one server is like the next.
_KIT: tuple[tuple[str, str, float], ...] = (
    ("matrix products", r"peak\.(bf16|fp8)|efficiency\.gemm(_fp8|_sustained)?|calibrated\.matrix", 0.03),
    ("memory streams", r"memory\.bandwidth|efficiency\.memory|calibrated\.memory", 0.02),
    ("attention", r"efficiency\.attention|calibrated\.attention", 0.04),
    ("all-reduce", r"scale_up\.bandwidth|efficiency\.scale_up(_reduction)?|calibrated\.scale_up", 0.03),
    ("small all-reduce", r"scale_up\.latency|calibrated\.latency", 0.10),
    ("host link", r"host_link\.bandwidth", 0.03),
    ("power", r"power\.(tdp|idle)", 0.03),
    ("price quote", r"price", 0.05),
)  # fmt: skip
#: Kind of workload -> step of the kit that tells how long it takes beside what is predicted, and its noise of ln: a
#: small model on one server is not the workload.
_RUNS = {"training": ("two-layer training step", 0.10), "serving": ("short serving run", 0.15)}


def measurements(deviations: Mapping[str, float], kinds: Mapping[str, str]) -> list[Measurement]:
    """Return the measurements that tell of unknowns, with the deviation of ln of each; ``kinds``: of workloads.

    A run measures how much longer its workload takes than predicted.
    """
    out = []
    cards = sorted({key.split(".")[1] for key in deviations if key.startswith("cards.")})
    for card in cards:
        for name, pattern, noise in _KIT:
            tells = {
                k: d
                for k, d in deviations.items()
                if k.startswith(f"cards.{card}.") and re.fullmatch(pattern, k.removeprefix(f"cards.{card}."))
            }
            if tells:
                out.append(
                    Measurement(
                        f"{name} on {card}" if name != "price quote" else f"price of {card}", tells, noise
                    )
                )
    for key, deviation in deviations.items():
        if key.startswith("slower|"):
            _, side, work, _ = key.split("|")
            run = _RUNS.get(kinds.get(work, ""))
            if run is not None:
                out.append(Measurement(f"{run[0]} ({work}) on {side}", {key: deviation}, run[1]))
    told = {key for m in out for key in m.tells}
    for key, deviation in deviations.items():
        if key.startswith("prices.parts.") and key not in told:
            out.append(Measurement(f"quote of {key.removeprefix('prices.parts.')}", {key: deviation}, 0.05))
    return out


@dataclass(frozen=True)
class Step:
    """One measurement of the order: what it adds alone, and what is left when it and those before are made."""

    name: str
    alone: float
    left: float


def order(
    gain: Callable[[Signals], float], signals: Sequence[tuple[str, Signals]], most: int = 12
) -> list[Step]:
    """Return measurements in the order in which each next one gains most, until none gains anything.

    ``gain`` is what signals are worth: a part of a variance, or of the expected regret.
    """
    alone = {name: gain(signal) for name, signal in signals}
    left, known, out, so_far = dict(signals), None, list[Step](), 0.0
    while left and len(out) < most:
        tried = {
            name: alone[name] if known is None else gain(known.together(signal))
            for name, signal in left.items()
        }
        best = max(tried, key=lambda name: tried[name])
        if tried[best] <= so_far * (1 + 1e-6) + 1e-12:
            break
        so_far = tried[best]
        out.append(Step(best, alone[best], so_far))
        known = left.pop(best) if known is None else known.together(left.pop(best))
    return out


@dataclass(frozen=True)
class Worth:
    """What is worth what.

    Attributes:
        output: the outcome that is asked.
        unknowns: their keys.
        found: shares of its variance.
        mean, deviation: of the outcome over all unknowns.
        options: mean outcome by option of the decision; empty without one.
        best: the option that is taken now.
        perfect: expected gain of knowing all.
        alone: expected gain of knowing each unknown.
        by_measurement: expected gain of each measurement, or without a decision the share of variance that it explains.
        steps: the order in which to measure.
        failed: draws that could not be run.
    """

    output: str
    unknowns: tuple[str, ...]
    found: Shares
    mean: float
    deviation: float
    options: Mapping[str, float]
    best: str
    perfect: float
    alone: Array
    by_measurement: Mapping[str, float]
    steps: tuple[Step, ...]
    maximise: bool
    draws: int
    failed: int


def decision_of(text: str) -> tuple[str, tuple[str, ...]]:
    """Return key and options of a decision: ``KEY=a,b,c``, or buy-or-rent.

    >>> decision_of("cluster.card=BR166M,H20"), decision_of("buy-or-rent")
    (('cluster.card', ('BR166M', 'H20')), ('buy-or-rent', ('buy', 'rent')))

    Raises InputError for anything else.
    """
    if text.strip() == BUY_OR_RENT:
        return BUY_OR_RENT, ("buy", "rent")
    key, _, values = text.partition("=")
    options = tuple(v.strip() for v in values.split(",") if v.strip())
    if not key.strip() or len(options) < 2 or len(set(options)) < len(options):
        raise InputError(
            f"--decide {text}: write KEY=a,b with two different values or more, or {BUY_OR_RENT}"
        )
    return key.strip(), options


def _column(found: ChainDraws, output: str, scenario: str) -> tuple[str, Array]:
    name = _named(found.answers.columns, output, scenario)
    return name, found.answers.columns[name]


def _named(columns: Mapping[str, Any], output: str, scenario: str) -> str:
    """The output that is meant by its name, or by its last part where only one has it."""
    named = [name for name in columns if name == output or name.endswith(f".{output}")]
    if output in columns or len(named) == 1:
        return output if output in columns else named[0]
    hint = f"it gives {', '.join(named)}" if named else suggest(output, list(columns))
    raise InputError(f"--output {output}: {scenario} gives no such number; {hint}")


def _drawn(name: str, sets: Mapping[str, Any], count: int, output: str) -> tuple[ChainDraws, Any]:
    run = run_chain(load_inputs(name, sets), replications=0)
    _named(chain_outcomes(run), output, name)
    return chain_draws(name, sets, run, count=count), run


def _options(
    name: str, sets: Mapping[str, Any], output: str, decide: str, count: int, tell: Callable[[int, int], None]
) -> tuple[str, dict[str, Array], dict[str, Array], dict[str, str]]:
    """The output's name, its draws by option, all that was drawn, and kinds of workloads."""
    key, options = decision_of(decide) if decide else ("", ("",))
    refuse_unread([key])
    drawn: dict[str, Array] = {}
    outcomes: dict[str, Array] = {}
    kinds: dict[str, str] = {}
    label = output
    if key == BUY_OR_RENT:
        found, run = _drawn(name, sets, count, "cny_per_card_hour")
        label, buy = _column(found, "cny_per_card_hour", name)
        card = run.inputs.parts.card
        if card.rent is None:
            raise InputError(
                f"--decide {BUY_OR_RENT}: cards.{card.name}.rent is not in the profile; add it or --set it"
            )
        book, unit = run.inputs.prices, card.rent.unit.partition("/")[0]
        rate = float(book.currencies[unit].rate.value) if unit in book.currencies else 1.0
        rent = found.drawn.get(f"cards.{card.name}.rent", np.full(count, card.rent.value)) * rate
        hour = 3600.0 if card.rent.unit.endswith("/s") else 1.0
        drawn |= found.drawn
        kinds = {w: work.kind for w, work in run.inputs.scenario.demand.items()}
        return label, {"buy": buy, "rent": rent * hour}, drawn, kinds
    for at, option in enumerate(options):
        found, run = _drawn(name, {**sets, key: option} if key else dict(sets), count, output)
        label, outcomes[option] = _column(found, output, name)
        drawn = {**found.drawn, **drawn}
        kinds |= {w: work.kind for w, work in run.inputs.scenario.demand.items()}
        tell(at + 1, len(options) + 1)
    return label, outcomes, drawn, kinds


def _apart(drawn: Mapping[str, Array], good: NDArray[np.bool_]) -> tuple[list[str], Array]:
    """Unknowns that vary, each that moves with another one only once: the first of them."""
    keys: list[str] = []
    columns: list[Array] = []
    for key, values in drawn.items():
        column = np.asarray(values, dtype=float)[good]
        if not column.std() > 0:
            continue
        mine = scores(column[:, None])[:, 0]
        # Only errors of prediction of one workload are drawn from one level.
        stem = key.rpartition("|")[0]
        twin = any(
            k.rpartition("|")[0] == stem and abs(float(np.mean(mine * c))) > _ONE * float(np.mean(c * c))
            for k, c in zip(keys, columns, strict=True)
            if stem
        )
        if not twin:
            keys.append(key)
            columns.append(mine)
    return keys, np.column_stack(columns) if columns else np.zeros((int(good.sum()), 0))


def worth(
    name: str, sets: Mapping[str, Any], *, output: str, decide: str = "", maximise: bool | None = None,
    count: int = 512, tell: Callable[[int, int], None] = lambda done, of: None,
) -> Worth:  # fmt: skip
    """Return what it is worth to know each unknown of a scenario, for an output and a decision.

    Raises InputError for an unknown output or decision, and where fewer than half of the draws can be run.
    """
    label, outcomes, drawn, kinds = _options(name, sets, output, decide, count, tell)
    good = np.all([np.isfinite(y) for y in outcomes.values()], axis=0)
    if 2 * good.sum() < count:
        raise InputError(f"{name}: only {int(good.sum())} of {count} draws can be run under every option")
    keys, z = _apart(drawn, good)
    if not keys:
        raise InputError(f"{name}: no input of it has a range; state low and high where a value is uncertain")
    cov = correlation_of(z)
    fitted = {option: fitted_outcome(z, y[good]) for option, y in outcomes.items()}
    more = bool(_MORE.search(label)) and not label.startswith("cny_per") if maximise is None else maximise
    means = {option: float(y[good].mean()) for option, y in outcomes.items()}
    best = max(means, key=lambda option: means[option] if more else -means[option])
    deviations = {key: float(np.std(np.log(np.maximum(drawn[key][good], 1e-300)))) for key in keys}
    signals = _signals(keys, measurements(deviations, kinds))
    deciding = len(fitted) > 1
    # Of a decision the shares are those of its first option: the scenario as it is asked, or what is bought.
    own = fitted[next(iter(fitted))]
    gain = _gain(fitted, own, cov, deciding, more)
    alone = np.array([gain(perfect([i], len(keys))) for i in range(len(keys))])
    by = {signal: gain(s) for signal, s in signals}
    tell(1, 1)
    return Worth(
        output=label, unknowns=tuple(keys), found=shares(own, cov), mean=means[next(iter(means))],
        deviation=float(outcomes[next(iter(outcomes))][good].std()), options=means if deciding else {},
        best=best if deciding else "",
        perfect=value_of(fitted, cov, None, maximise=more) if deciding else 0.0, alone=alone, by_measurement=by,
        steps=tuple(order(gain, signals)), maximise=more, draws=count, failed=int(count - good.sum()),
    )  # fmt: skip


def _gain(
    fitted: Mapping[str, Outcome], own: Outcome, cov: Array, deciding: bool, more: bool
) -> Callable[[Signals], float]:
    """What signals are worth: the expected gain of the decision, or without one the share of variance explained."""
    if deciding:
        return lambda signals: value_of(fitted, cov, signals, maximise=more, draws=1024)
    total = own.variance(cov) + own.beyond
    return lambda signals: own.variance(signals.known(cov)[1]) / total if total > 0 else 0.0


def _signals(keys: Sequence[str], made: Sequence[Measurement]) -> list[tuple[str, Signals]]:
    out = []
    for measurement in made:
        loadings = np.array([[measurement.tells.get(key, 0.0) for key in keys]])
        if loadings.any():
            out.append((measurement.name, Signals(loadings, np.array([measurement.noise]))))
    return out

"""Where requests come from: open-loop arrival processes and token lengths."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.book import Requests
from clustersim.errors import InputError

__all__ = ["LENGTHS", "PROCESSES", "arrival_times", "draw_lengths", "draw_parts", "draw_requests"]

Array = NDArray[np.float64]

PROCESSES = ("poisson", "gamma", "diurnal")
LENGTHS = ("constant", "uniform", "lognormal", "exponential")


def arrival_times(
    count: int,
    *,
    rate: float,
    rng: np.random.Generator,
    process: str = "poisson",
    burstiness: float = 1.0,
    swing: float = 0.0,
    period_s: float = 86400.0,
) -> Array:
    """Return ``count`` arrival times in seconds with a mean of ``rate`` per second, starting near zero.

    ``poisson``: independent gaps. ``gamma``: gaps of coefficient of variation ``burstiness`` (1 is Poisson).
    ``diurnal``: Poisson whose rate swings as rate (1 + swing sin(2 pi t / period)), by inverting the mean count
    (Cinlar's time change).

    >>> t = arrival_times(20000, rate=4.0, rng=np.random.default_rng(1))
    >>> round(20000 / float(t[-1]), 1)
    4.0

    Raises InputError for zero arrivals, a rate that is not positive or an unknown process.
    """
    if count < 1:
        raise InputError("zero arrivals: raise the rate or the duration")
    if not rate > 0:
        raise InputError(f"an arrival rate of {rate} per second gives no arrivals; it must be above zero")
    if process not in PROCESSES:
        raise InputError(f"arrival process {process!r} is unknown; known: {', '.join(PROCESSES)}")
    if process == "gamma":
        if not burstiness > 0:
            raise InputError("burstiness (coefficient of variation of the gaps) must be above zero")
        shape = 1.0 / burstiness**2
        return np.cumsum(rng.gamma(shape, 1.0 / (shape * rate), count))
    unit = np.cumsum(rng.exponential(1.0, count))
    if process == "poisson" or swing == 0.0:
        return np.asarray(unit / rate)
    if not 0.0 <= swing < 1.0:
        raise InputError("swing must be at least 0 and below 1: the rate may not fall below zero")
    end = unit[-1] / rate * (1.0 + swing) + period_s
    grid = np.linspace(0.0, end, int(min(max(end / period_s * 512, 4096), 2_000_000)))
    angular = 2.0 * np.pi / period_s
    mean_count = rate * (grid + swing / angular * (1.0 - np.cos(angular * grid)))
    return np.interp(unit, mean_count, grid)


def draw_lengths(
    count: int, *, mean: float, rng: np.random.Generator, shape: str = "constant", spread: float = 0.0
) -> NDArray[np.int64]:
    """Return ``count`` token lengths of at least 1 with the given mean.

    ``uniform``: within mean (1 +- spread). ``lognormal``: ``spread`` is the coefficient of variation.

    >>> draw_lengths(3, mean=7, rng=np.random.default_rng(1)).tolist()
    [7, 7, 7]
    """
    if not mean >= 1:
        raise InputError(f"a mean length of {mean} tokens; it must be at least 1")
    if shape not in LENGTHS:
        raise InputError(f"length distribution {shape!r} is unknown; known: {', '.join(LENGTHS)}")
    if shape == "constant":
        values = np.full(count, mean)
    elif shape == "uniform":
        values = rng.uniform(mean * (1 - spread), mean * (1 + spread), count)
    elif shape == "exponential":
        values = rng.exponential(mean, count)
    else:
        sigma = np.sqrt(np.log1p(spread**2))
        values = rng.lognormal(np.log(mean) - sigma**2 / 2, sigma, count)
    whole: NDArray[np.int64] = np.maximum(np.rint(values), 1).astype(np.int64)
    return whole


def draw_requests(
    count: int,
    *,
    rate: float,
    prompt_mean: float,
    output_mean: float,
    rng: np.random.Generator,
    process: str = "poisson",
    burstiness: float = 1.0,
    swing: float = 0.0,
    period_s: float = 86400.0,
    shape: str = "lognormal",
    output_shape: str | None = None,
    prompt_spread: float = 0.8,
    output_spread: float = 0.8,
) -> Requests:
    """Return requests with drawn arrivals and lengths; three child generators keep the parts independent.

    ``shape`` is that of prompts, and of outputs where ``output_shape`` does not say otherwise.
    """
    times, prompts, outputs = rng.spawn(3)
    return Requests(
        arrival_times(
            count,
            rate=rate,
            rng=times,
            process=process,
            burstiness=burstiness,
            swing=swing,
            period_s=period_s,
        ),
        draw_lengths(count, mean=prompt_mean, rng=prompts, shape=shape, spread=prompt_spread),
        draw_lengths(count, mean=output_mean, rng=outputs, shape=output_shape or shape, spread=output_spread),
    )


def draw_parts(
    count: int,
    *,
    part: int,
    rate: float,
    prompt_mean: float,
    output_mean: float,
    rng: np.random.Generator,
    process: str = "poisson",
    burstiness: float = 1.0,
    shape: str = "lognormal",
    output_shape: str | None = None,
    prompt_spread: float = 0.8,
    output_spread: float = 0.8,
) -> Iterator[Requests]:
    """Yield the requests of `draw_requests`, the very same, ``part`` at a time: no more of them are in memory.

    Raises InputError for a daily wave, whose time change needs the whole stream.
    """
    if process not in ("poisson", "gamma"):
        raise InputError(f"a {process} stream cannot be drawn in parts; take poisson or gamma arrivals")
    times, prompts, outputs = rng.spawn(3)
    last, second = 0.0, output_shape or shape
    for first in range(0, count, part):
        size = min(part, count - first)
        if process == "gamma":
            form = 1.0 / burstiness**2
            gaps = times.gamma(form, 1.0 / (form * rate), size)
        else:
            gaps = times.exponential(1.0, size)
        summed = np.cumsum(np.concatenate([[last], gaps]))[1:]
        last = float(summed[-1])
        yield Requests(
            summed if process == "gamma" else summed / rate,
            draw_lengths(size, mean=prompt_mean, rng=prompts, shape=shape, spread=prompt_spread),
            draw_lengths(size, mean=output_mean, rng=outputs, shape=second, spread=output_spread),
        )

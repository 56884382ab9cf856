"""From tokens and training runs to cards, and from a stock of cards to shipments."""

from __future__ import annotations

from collections.abc import Sequence

from clustersim.errors import InputError

__all__ = ["cards_for_tokens", "cards_for_training", "shipments"]

SECONDS_PER_DAY = 86_400.0


def cards_for_tokens(
    *, tokens_per_day: float, peak_to_mean: float, tokens_per_s_per_card: float, utilisation: float
) -> float:
    """Return the cards that serve a demand: N = D kappa / (tps U 86,400).

    ``peak_to_mean`` kappa is the busiest hour over the mean, ``utilisation`` U the share of time that a card serves
    at ``tokens_per_s_per_card``.

    >>> round(cards_for_tokens(tokens_per_day=1e12, peak_to_mean=2.0, tokens_per_s_per_card=1000.0, utilisation=0.5))
    46296

    Raises InputError for a rate, utilisation or ratio that is not positive, a negative demand, or utilisation above 1.
    """
    if tokens_per_day < 0 or peak_to_mean <= 0 or tokens_per_s_per_card <= 0 or not 0 < utilisation <= 1:
        raise InputError(
            "cards for tokens need demand >= 0, rate and peak-to-mean > 0 and utilisation in (0, 1]"
        )
    return tokens_per_day * peak_to_mean / (tokens_per_s_per_card * utilisation * SECONDS_PER_DAY)


def cards_for_training(*, flops: float, mfu: float, peak_flops: float, seconds: float) -> float:
    """Return the cards that train a model in time: N = C / (MFU peak t).

    >>> round(cards_for_training(flops=3.15e23, mfu=0.4, peak_flops=989e12, seconds=30 * 86_400))
    307

    Raises InputError for anything that is not positive.
    """
    if min(flops, mfu, peak_flops, seconds) <= 0:
        raise InputError("cards for training need FLOPs, MFU, peak and time above zero")
    return flops / (mfu * peak_flops * seconds)


def shipments(stock: Sequence[float], *, opening: float, life_years: int) -> tuple[float, ...]:
    """Return yearly shipments of a stock: its growth, and what was shipped ``life_years`` ago and retires.

    A stock that falls faster than cards retire ships nothing.

    >>> shipments([100.0, 150.0, 150.0, 150.0], opening=0.0, life_years=2)
    (100.0, 50.0, 100.0, 50.0)

    Raises InputError for a life below one year or a negative stock.
    """
    if life_years < 1 or opening < 0 or any(s < 0 for s in stock):
        raise InputError("shipments need a life of at least a year and stocks that are not negative")
    out: list[float] = []
    before = opening
    for year, now in enumerate(stock):
        retired = out[year - life_years] if year >= life_years else 0.0
        out.append(max(now - before + retired, 0.0))
        before = now
    return tuple(out)

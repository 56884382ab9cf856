"""Who used the cards: seconds of a run for prompt tokens, for cached tokens, for output tokens; and what each costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clustersim.des.serving.metrics import records
from clustersim.des.serving.run import ServingRun
from clustersim.des.serving.window import Window
from clustersim.errors import InputError
from clustersim.perf.serving_cost import IterationTerms

__all__ = ["TokenCost", "TokenSeconds", "token_cost", "token_seconds"]


@dataclass(frozen=True, slots=True)
class TokenSeconds:
    """Busy replica-seconds by cause, and the tokens that they made."""

    input_s: float
    cached_s: float
    output_s: float
    input_tokens: float
    cached_tokens: float
    output_tokens: float

    @property
    def busy_s(self) -> float:
        """All busy replica-seconds."""
        return self.input_s + self.cached_s + self.output_s


@dataclass(frozen=True, slots=True)
class TokenCost:
    """Cost per million computed input, cached input and output tokens, and of all tokens together (CNY)."""

    input_cny: float
    cached_cny: float
    output_cny: float
    all_cny: float
    total_cny: float


def token_seconds(
    run: ServingRun,
    terms: IterationTerms,
    decode_terms: IterationTerms | None = None,
    *,
    window: Window | None = None,
) -> TokenSeconds:
    """Split the busy time of the run logs, of the whole run or of a window of it.

    In an iteration that mixes both, output tokens are charged what the iteration would have cost without the
    prompts, prompts the rest. A cached prompt token costs only the attention of new tokens to it.
    """
    asked = made = 0.0
    for index, replica in enumerate(run.replicas):
        log = run.log(index)
        own = decode_terms if decode_terms is not None and index >= run.prefill_count else terms
        batch = (log[:, 3] * np.where(log[:, 2] > 0, 1, 0) * replica.width).astype(np.int64)
        fixed = own.fixed_s
        alone = np.where(batch > 0, fixed[np.minimum(batch, len(fixed) - 1)], 0.0)
        alone = alone + own.kv_s * log[:, 4] * (log[:, 2] > 0) + own.sequence_s * log[:, 3] * (log[:, 2] > 0)
        mixed = log[:, 5] > 0
        part = window.shares(log[:, 0], log[:, 1]) if window else np.ones(len(log))
        made += float(np.sum(part * np.where(mixed, np.minimum(alone, log[:, 1]), log[:, 1])))
        asked += float(np.sum(part * np.where(mixed, np.maximum(log[:, 1] - alone, 0.0), 0.0)))
    rows = records(run)
    done = np.isfinite(rows["e2e_s"])
    if window:
        done &= window.holds(rows["finish_s"])
    cached = rows["cached_tokens"][done].astype(float)
    new = rows["prompt_tokens"][done] - cached
    cached_s = min(float(np.sum(new * cached)) * terms.pair_s, asked)
    return TokenSeconds(
        input_s=asked - cached_s,
        cached_s=cached_s,
        output_s=made,
        input_tokens=float(new.sum()),
        cached_tokens=float(cached.sum()),
        output_tokens=float(rows["output_tokens"][done].sum()),
    )


def token_cost(
    seconds: TokenSeconds, *, replica_seconds: float, cards: int, cny_per_card_hour: float
) -> TokenCost:
    """Return the cost per million tokens: held card-hours are charged, idle time in proportion to use.

    >>> s = TokenSeconds(10.0, 0.0, 30.0, 2e6, 0.0, 1e6)
    >>> c = token_cost(s, replica_seconds=3600.0, cards=8, cny_per_card_hour=5.0)
    >>> c.input_cny, c.output_cny, c.total_cny
    (5.0, 30.0, 40.0)
    """
    if cny_per_card_hour < 0:
        raise InputError(f"a card-hour of {cny_per_card_hour} CNY is below zero")
    total = replica_seconds / 3600.0 * cards * cny_per_card_hour
    busy = max(seconds.busy_s, 1e-12)

    def per_million(part_s: float, tokens: float) -> float:
        return total * part_s / busy / tokens * 1e6 if tokens > 0 else 0.0

    tokens = seconds.input_tokens + seconds.cached_tokens + seconds.output_tokens
    return TokenCost(
        per_million(seconds.input_s, seconds.input_tokens),
        per_million(seconds.cached_s, seconds.cached_tokens),
        per_million(seconds.output_s, seconds.output_tokens),
        total / tokens * 1e6 if tokens > 0 else 0.0,
        total,
    )

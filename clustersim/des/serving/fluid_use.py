"""What the cards of a replica do in the closed form: busy time by cause, operations, bytes and exchanges per second."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustersim.des.serving.fluid_batch import Balance
from clustersim.des.serving.fluid_inputs import mean_of
from clustersim.des.serving.fluid_latency import FirstToken, empty_share, idle_share
from clustersim.des.serving.fluid_site import Site

__all__ = ["FluidUse", "use_of"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FluidUse:
    """One pool over a mean second that its replicas are held, arrays over points.

    ``busy`` is the share of time with anything to do; ``input_s`` and ``busy_s`` the replica-seconds of the whole
    pool that prompts, and everything, take. ``flops_per_s`` and ``bytes_per_s`` are those of the busiest card of a
    replica: over its peak and its bandwidth they are the shares that the power model takes (`econ.power`).
    ``link_share`` is the share of time in exchanges.
    """

    busy: Array
    input_s: Array
    busy_s: Array
    flops_per_s: Array
    bytes_per_s: Array
    link_share: Array

    def shares(self, peak_flops: Array | float, bandwidth: Array | float) -> tuple[Array, Array, Array]:
        """Return the use of tensor units, memory and links while busy, for a card of that peak and bandwidth."""
        busy = np.maximum(self.busy, 1e-12)
        tensor = np.minimum(self.flops_per_s / peak_flops / busy, 1.0)
        memory = np.minimum(self.bytes_per_s / bandwidth / busy, 1.0)
        return tensor, memory, np.asarray(np.minimum(self.link_share / busy, 1.0))


def use_of(site: Site, b: Balance, first: FirstToken) -> FluidUse:
    """Return the use of a pool at a balance of one load per point."""
    rate, steps, cost = b.rate, site.steps, site.cost
    present = b.batch + (rate * mean_of(first.base) if site.prefills else 0.0)
    busy = 1.0 - idle_share(site, present)
    decoding = 1.0 - empty_share(site, b.batch) if site.decodes else np.zeros_like(rate)
    alone = b.group_s / b.group
    input_s = rate * (b.prompt_s * decoding + alone * (1.0 - decoding)) if site.prefills else 0.0 * rate
    if not site.decodes:
        busy = np.minimum(rate * b.prompt_s, 1.0)
        input_s = busy
    # Iterations count by the batch that they have, not by the fuller one that a sequence sees (size bias).
    own = np.maximum(b.batch / np.maximum(1.0 - idle_share(site, b.batch), 1e-9), 1.0)
    step_rate = rate * steps / own if site.decodes else 0.0 * rate
    base = b.seen * site.width if site.mixed else np.zeros_like(b.seen)
    tokens = b.group / b.group_iterations * site.traffic.new
    groups = rate / b.group * b.group_iterations if site.prefills else 0.0 * rate

    def total(table: Array) -> Array:
        """Return a table's sum per second over decode steps and prompts' iterations."""
        extra = cost.at(table, base + tokens) - (cost.at(table, base) if site.mixed else 0.0)
        return np.asarray(step_rate * cost.at(table, own * site.width) + groups * extra)

    read = rate * steps * site.traffic.context
    pairs = rate * site.traffic.pairs if site.prefills else 0.0 * rate
    flops = total(cost.flops) + cost.pair_flops * (pairs + read)
    moved = total(cost.weight_bytes) + cost.kv_bytes * read
    busy, input_s = busy[:, 0], np.minimum(input_s, busy)[:, 0]
    return FluidUse(
        busy=busy,
        input_s=input_s * site.replicas,
        busy_s=busy * site.replicas,
        flops_per_s=flops[:, 0],
        bytes_per_s=moved[:, 0],
        link_share=np.minimum(total(cost.exchange_s)[:, 0], busy),
    )

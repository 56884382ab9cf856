"""Seconds of the exchanges of a layer: tokens to their experts and back, keys and values along a sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersim.fabric.collectives import collective_time
from clustersim.fabric.network import Network
from clustersim.perf.job import TrainJob
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan

__all__ = ["block_members", "context_exchange", "expert_exchange", "local_members"]

#: A number, or an array with one entry a plan.
Real = Any


def expert_exchange(job: TrainJob, tokens: Real, passes: int) -> Real:
    """Seconds of sending a layer's tokens to their experts and back, forward and backward, all exposed.

    The cards of an expert group follow one another. A token crosses the network once to each domain that holds some
    of its experts, and is handed on inside, once to each card, while the next ones arrive (DeepSeek-V3,
    arXiv:2412.19437, section 3.2.2; DeepEP counts tokens by rank); software without that sends a copy for every
    expert. Cards that split an expert between them gather its tokens.
    """
    network, model, plan = job.network, job.model, job.plan
    inner = plan.etp if plan.sequence_parallel else plan.tp
    local = local_members(plan.ep, inner, network)
    # To the experts and back.
    value = (plan.software.dispatch_bytes + 2.0) / 2
    size = value * tokens * model.experts_per_token * (model.expert_hidden or model.hidden)
    domains = plan.ep / local
    block = block_members(plan.ep, inner, network)
    share = _sent_once(plan, model, domains)
    sent, size = size * share, size * _sent_once(plan, model, local)
    between = collective_time("all_to_all", sent, plan.ep, local=local, network=network, block=block).total_s
    inside = collective_time("all_to_all", size, local, local=local, network=network, block=block).total_s
    one = np.where(np.greater(domains, 1), np.maximum(between, inside), inside)
    if np.any(np.greater(plan.etp, 1)):
        near = local_members(plan.etp, 1, network)
        shared = collective_time("all_gather", size * plan.etp, plan.etp, local=near, network=network).total_s
        one = one + np.where(np.greater(plan.ep, 1) & np.greater(plan.etp, 1), shared, 0.0)
    return 2.0 * passes * one


def _sent_once(plan: Plan, model: Model, places: Real) -> Real:
    """Return the share of a token's copies that leave for ``places`` of which one is at home, one copy for each place.

    k experts drawn evenly stand on (p - 1) (1 - (1 - 1 / p)^k) of the other places on average, of k (1 - 1 / p) copies;
    1 where each copy is sent.
    """
    k = model.experts_per_token
    every = np.maximum(k * (1 - 1 / places), 1e-30)
    once = (places - 1) * (1 - (1 - 1 / places) ** k)
    return np.where(plan.software.expert_forwarding & np.greater(places, 1), once / every, 1.0)


def context_exchange(job: TrainJob) -> Real:
    network, model, plan = job.network, job.model, job.plan
    kv = 2.0 * 2.0 * job.micro_tokens * plan.cp * _key_width(model) / np.minimum(plan.tp, model.kv_heads)
    local = local_members(plan.cp, plan.tp, network)
    block = block_members(plan.cp, plan.tp, network)
    return collective_time("all_gather", kv, plan.cp, local=local, network=network, block=block).total_s


def _key_width(model: Model) -> float:
    """Width of the keys of an average layer; layers without keys pass a small state on instead, which is left out."""
    return (
        sum(g.layers for g in model.groups if g.mixer.parts) / model.layers * model.kv_heads * model.head_dim
    )


def block_members(group: Real, inner: Real, network: Network) -> Real | None:
    """Members of a group that share a block of a domain of several blocks; None where a domain is one block."""
    return _members(group, inner, network.block_size) if network.block_size else None


def local_members(group: Real, inner: Real, network: Network) -> Real:
    """Members of a group that share a domain when ``inner`` cards of the domain belong to each of its members."""
    return _members(group, inner, network.scale_up_size)


def _members(group: Real, inner: Real, size: Real) -> Real:
    room = np.maximum(1, size // np.minimum(inner, size))
    members = np.asarray(group, dtype=np.int64)
    # A group that its domains cannot hold evenly leaves some of a domain's cards out: the largest common divisor, or
    # the largest power of two.
    even = np.gcd(members, np.asarray(room, dtype=np.int64))
    power = np.gcd(members, 2 ** np.floor(np.log2(room)).astype(np.int64))
    return np.where(np.less_equal(members, room), members, np.maximum(even, power))

"""What a plan spends its time on: the resource that binds it, and the next."""

from __future__ import annotations

from clustersim.fabric.network import Network
from clustersim.perf.plan import Plan
from clustersim.perf.terms import StepTerms

__all__ = ["RESOURCES", "binding", "time_shares"]

RESOURCES = ("compute", "memory bandwidth", "scale-up links", "network", "bubble", "host", "host link")


def time_shares(terms: StepTerms, plan: Plan, network: Network) -> dict[str, float]:
    """Return the share of the step spent on each of ``RESOURCES``; they sum to one.

    An exposed exchange counts as the scale-up links' where its group lies in one domain, else as the network's, which
    is the slower of the two levels that it uses. Communication that computation hides counts as nothing.

    >>> from dataclasses import fields
    >>> net = Network.flat(bandwidth=50e9, latency=5e-6)
    >>> terms = StepTerms(**{f.name: 1.0 for f in fields(StepTerms)})
    >>> {name: round(share, 2) for name, share in time_shares(terms, Plan(tp=2, ep=2), net).items() if "link" in name}
    {'scale-up links': 0.0, 'host link': 0.07}
    """
    reach = {
        "tp": plan.tp,
        "cp": plan.tp * plan.cp,
        "ep": plan.etp * plan.ep if plan.sequence_parallel else plan.tp * plan.ep,
        "dp": plan.tp * plan.cp * plan.dp,
        "pp": plan.tp * plan.cp * plan.dp * 2,
    }
    seconds = dict.fromkeys(RESOURCES, 0.0)
    for name, cards in reach.items():
        level = "scale-up links" if cards <= float(network.scale_up_size) else "network"
        seconds[level] += float(getattr(terms, f"exposed_{name}_s"))
    seconds["compute"] = float(terms.compute_s + terms.attention_s + terms.recompute_s + terms.logits_s)
    seconds["memory bandwidth"] = float(terms.memory_bound_s + terms.optimizer_s)
    seconds["bubble"] = float(terms.bubble_s)
    seconds["host"] = float(terms.software_s)
    seconds["host link"] = float(terms.offload_s)
    total = float(terms.total)
    return {name: value / total for name, value in seconds.items()}


def binding(shares: dict[str, float]) -> tuple[str, str]:
    """Return the resource with the largest share, and the next.

    >>> binding({"compute": 0.6, "network": 0.3, "bubble": 0.1})
    ('compute', 'network')
    """
    first, second, *_ = sorted(shares, key=lambda name: -shares[name])
    return first, second

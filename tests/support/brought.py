"""A small package of somebody else: a topology, the time of an engine, a tax regime, and what is wrong with others."""

from __future__ import annotations

from pathlib import Path

CODE = '''
"""Written as another maker would: it knows the documents and no more."""
import numpy as np
from clustersim.fabric import topologies
from clustersim.fabric.topology import add_link, add_part
from clustersim.finance.tax import TaxRows

LOADED = True


def star(*, cards, cards_per_server, nics_per_card, nic_rate, ports, port_rate, oversubscription):
    """Every server on one big switch, over as many links as it has NICs, whose rate is divided by oversubscription."""
    import networkx as nx

    graph = nx.Graph()
    add_part(graph, ("leaf", 0, 0), "leaf")
    servers = -(-cards // cards_per_server)
    for server in range(servers):
        inside = min(cards_per_server, cards - server * cards_per_server)
        nics = int(cards_per_server * nics_per_card)
        add_part(graph, ("server", server), "server", cards=inside, nics=nics)
        add_link(graph, ("server", server), ("leaf", 0, 0), rate=nic_rate / oversubscription, links=nics, optical=True)
    return graph


def tree(**asked):
    """The shipped fat tree under another name."""
    return topologies.fat_tree(**asked)


def in_pieces(**asked):
    import networkx as nx

    graph = nx.Graph()
    for server in range(asked["cards"] // asked["cards_per_server"]):
        add_part(graph, ("server", server), "server", cards=8, nics=8)
    return graph


def slow_host(tokens, *, layers, moe_layers, tp, layer_s, step_s, expert_layer_s):
    """A host that takes 20 us more for each token of an iteration."""
    return step_s + layer_s * layers + expert_layer_s * moe_layers + 20e-6 * tokens


def wrong_host(tokens, **given):
    return -tokens


def failing_host(tokens, **given):
    raise KeyError("no table for this card")


def picky_host(tokens, *, tp, step_s, **given):
    from clustersim import InfeasibleError

    if tp < 8:
        raise InfeasibleError("it has kernels for tp 8 only")
    return step_s + 0.0 * tokens


def expiring(profits, *, rate, opening=0.0, first_taxed=0, years=2):
    """Losses that relieve the profits of the next two years only, the oldest first."""
    profits = np.asarray(profits, dtype=float)
    rows = {name: np.zeros_like(profits) for name in ("opening", "added", "used", "closing", "tax")}
    pool = [(-1, np.zeros_like(profits[0]) + opening)]
    for year, profit in enumerate(profits):
        pool = [(made, left) for made, left in pool if made == -1 or year - made <= years]
        rows["opening"][year] = sum((left for _, left in pool), np.zeros_like(profit))
        gain, kept = np.maximum(profit, 0.0), []
        for made, left in pool:
            used = np.minimum(left, gain)
            rows["used"][year] += used
            gain = gain - used
            kept.append((made, left - used))
        loss = np.maximum(-profit, 0.0)
        pool = [*kept, (year, loss)]
        rows["added"][year] = loss
        rows["closing"][year] = sum((left for _, left in pool), np.zeros_like(profit))
        rows["tax"][year] = -rate * gain if year >= first_taxed else 0.0 * gain
    return TaxRows(**rows)


def refund(profits, *, rate, opening=0.0, first_taxed=0):
    zero = np.zeros_like(np.asarray(profits, dtype=float))
    return TaxRows(zero, zero, zero, zero, zero + 1.0)


NO_FUNCTION = 3
'''

POINTS = """
[clustersim.topologies]
acme-star = acme_code:star
acme-tree = acme_code:tree
acme-pieces = acme_code:in_pieces
acme-broken = acme_code:not_there
acme-number = acme_code:NO_FUNCTION

[clustersim.engines]
acme-host = acme_code:slow_host
acme-wrong = acme_code:wrong_host
acme-fails = acme_code:failing_host
acme-gone = acme_code:no_such_host
acme-picky = acme_code:picky_host

[clustersim.tax_regimes]
acme-expiring = acme_code:expiring
acme-refund = acme_code:refund
"""


def write_package(folder: Path) -> None:
    """Write the package as an installer leaves it."""
    (folder / "acme_code.py").write_text(CODE, encoding="utf-8")
    info = folder / "acme_code-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-code\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(POINTS, encoding="utf-8")

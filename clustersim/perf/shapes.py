"""What a matrix product of one shape reaches of a card's best rate: tiles, waves and depth.

A product of m x n x k is cut into tiles of the output, one a compute unit at a time. Tiles at the edges are padded,
the last wave leaves units idle, and every tile pays for filling its pipeline and writing its result, whatever the
depth k. So narrow shards, small micro-batches and few tokens an expert run below what large squares reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clustersim.perf.blocks import ffn_share, mixing_products
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan

__all__ = [
    "Product",
    "accumulated_bytes",
    "layer_products",
    "layer_seconds",
    "product_seconds",
    "shape_efficiency",
]

#: A number, or an array with one entry a plan.
Real = Any

#: Rows and columns of a tile, and the share of the best rate that products of such tiles reach: small ones read their
#: operands more often (CUTLASS's tile shapes; shares derived from its published profiles of half-precision products).
TILES = np.array([(256.0, 128.0, 1.0), (128.0, 256.0, 1.0), (128.0, 128.0, 0.95), (128.0, 64.0, 0.85),
                  (64.0, 128.0, 0.85), (64.0, 64.0, 0.7)])  # fmt: skip
#: Depth whose time a tile takes to fill its pipeline: two steps of 32 (derived from the stages of CUTLASS's kernels).
FILL_DEPTH = 64.0
#: Share of the best rate where a profile does not say into how many units a product is shared out: what the layers of
#: a transformer reach on average (derived: tuned with the constants of docs/training.md before shapes were modelled).
AVERAGE_SHARE = 0.9
#: Bytes of the widest sum of gradients: single precision.
WIDEST_SUM = 4.0


@dataclass(frozen=True, slots=True)
class Product:
    """Equal matrix products of one launch: ``groups`` of ``rows`` x n x k, ``share`` of them in a layer on average."""

    rows: Real
    n: Real
    k: Real
    groups: Real
    share: float = 1.0


def shape_efficiency(m: Real, n: Real, k: Real, groups: Real, units: float, *, drain: float = 150.0) -> Real:
    """Return the share of the best rate that ``groups`` products of m x n x k reach on ``units`` compute units.

    The best of the tile shapes: share x useful tiles / (waves x units), times k / (k + fill depth + drain), where
    ``drain`` is the depth whose time it takes to write a tile of two-byte values: rate over bandwidth, whatever the
    tile. With no units known (0) the average share.

    >>> round(float(shape_efficiency(8192, 8192, 8192, 1, 108)), 2)
    0.97
    >>> round(float(shape_efficiency(2048, 5376, 1792, 1, 108)), 2)
    0.75

    One row of tiles more than the units can take at once costs a whole wave:

    >>> full, more = (float(shape_efficiency(256 * 108, x, 4096, 1, 108)) for x in (128, 129))
    >>> more < full
    True
    """
    if not units:
        return AVERAGE_SHARE
    m, n, k, groups = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (m, n, k, groups)))
    rows, columns, share = (TILES[:, i].reshape(-1, *(1,) * m.ndim) for i in range(3))
    tiles = groups * np.ceil(m / rows) * np.ceil(n / columns)
    waves = np.ceil(tiles / units)
    useful = groups * m * n / (waves * units * rows * columns)
    return np.max(share * useful, axis=0) * k / (k + FILL_DEPTH + drain)


def product_seconds(
    m: Real,
    n: Real,
    k: Real,
    groups: Real,
    *,
    rate: float,
    bandwidth: float,
    units: float,
    written: float = 2.0,
) -> Real:
    """Return the seconds of ``groups`` products of m x n x k: operations at what the shape reaches, or bytes.

    ``written``: bytes that go to memory and come from it for a value of the output, two where it is written once.
    """
    flops = 2.0 * groups * m * n * k
    moved = groups * (written * m * n + 2.0 * (n * k + m * k))
    share = shape_efficiency(m, n, k, groups, units, drain=written / 2.0 * rate / bandwidth)
    return np.maximum(flops / (rate * share), moved / bandwidth)


def layer_products(model: Model, plan: Plan, tokens: Real, *, mixture: bool) -> list[Product]:
    """Return the forward products of one layer of a kind on one card, for ``tokens`` of a micro-batch.

    Dense weights are split by tensors. Experts without an exchange are split so, too; with one, each card holds whole
    experts and takes what its group sends, shared out evenly.
    """
    h, tp = float(model.hidden), plan.tp
    out = [Product(tokens, n, k, 1.0, share) for n, k, share in mixing_products(model, tp)]
    if not mixture:
        share = ffn_share(model, mixture)
        return out + _block(tokens, h, model.ffn_hidden / tp, model.gated, 1.0, share) if share else out
    if model.shared_width:
        out += _block(tokens, h, model.shared_width / tp, model.gated, 1.0)
    if model.expert_hidden:
        inner = float(model.expert_hidden)
        out += [Product(tokens, inner / tp, h, 1.0), Product(tokens, h, inner / tp, 1.0)]
    exchanged = np.greater(plan.ep, 1)
    width = model.expert_ffn_hidden / np.where(exchanged, plan.etp, tp)
    here = model.experts / plan.ep
    routed = tokens * model.experts_per_token * np.where(exchanged, plan.etp / tp, 1.0)
    return out + _block(routed / here, float(model.expert_hidden or h), width, model.gated, here)


def _block(rows: Real, h: float, width: Real, gated: bool, groups: Real, share: float = 1.0) -> list[Product]:
    """The two products of a feed-forward block; gate and up are one."""
    up = (2 if gated else 1) * width
    return [Product(rows, up, h, groups, share), Product(rows, h, width, groups, share)]


def accumulated_bytes(plan: Plan) -> float:
    """Return the bytes that go to memory and come from it for one value of a weight's gradient in one micro-batch.

    The product for the weights adds to the gradient that is held (Megatron's fused accumulation): read and written, in
    2 or 4 bytes. ZeRO 3 holds none: its gradient is written in 2 bytes and reduced; so it is by stacks of before fused
    attention, whose sums are counted with the rest that is not fused.

    >>> accumulated_bytes(Plan()), accumulated_bytes(Plan(zero=3))
    (8.0, 2.0)
    """
    fused = plan.zero < 3 and plan.software.flash_attention
    return 2.0 * min(plan.software.gradient_bytes, WIDEST_SUM) if fused else 2.0


def layer_seconds(
    model: Model, plan: Plan, tokens: Real, *, mixture: bool, rate: float, bandwidth: float, units: float
) -> tuple[Real, Real, Real]:
    """Return the seconds of a layer's products on one card: forward, backward for inputs, backward for weights.

    Backward are two products each: for the inputs (rows x k, depth n) and for the weights (k x n, depth rows). Of many
    plans those that agree in what a layer sees are computed once.
    """
    held = accumulated_bytes(plan)

    def total(tp: Real, ep: Real, etp: Real, seen: Real) -> tuple[Real, Real, Real]:
        seconds: list[Real] = [0.0, 0.0, 0.0]
        words = {"rate": rate, "bandwidth": bandwidth, "units": units}
        for p in layer_products(model, replace(plan, tp=tp, ep=ep, etp=etp), seen, mixture=mixture):
            for number, side in enumerate(((p.rows, p.n, p.k), (p.rows, p.k, p.n), (p.k, p.n, p.rows))):
                written = held if number == 2 else 2.0
                seconds[number] = seconds[number] + p.share * product_seconds(
                    *side, p.groups, **words, written=written
                )
        return seconds[0], seconds[1], seconds[2]

    given = (plan.tp, plan.ep, plan.etp, tokens)
    if sum(np.ndim(column) for column in given) == 0:
        return total(*given)
    columns = np.broadcast_arrays(*(np.asarray(column, dtype=float) for column in given))
    first, back = _distinct(columns)
    few = total(*(column[first] for column in columns))
    whole = np.zeros(columns[0][first].shape)
    forward, inputs, weights = ((seconds + whole)[back] for seconds in few)
    return forward, inputs, weights


def _distinct(columns: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where every distinct row of some columns first stands, and for all rows which of these it is."""
    codes = np.zeros(columns[0].shape, dtype=np.int64)
    for column in columns:
        values, code = np.unique(column, return_inverse=True)
        codes = codes * len(values) + code.reshape(codes.shape)
    _, first, back = np.unique(codes.reshape(-1), return_index=True, return_inverse=True)
    return first, back

"""Frames in, text out: the stages by hand, and the binding stage as work moves between them."""

import numpy as np
import pytest

from clustersim.des.serving.book import Requests
from clustersim.des.serving.costs import token_cost, token_seconds
from clustersim.des.serving.multimodal import FrontEnd, serve_multimodal
from clustersim.des.serving.rules import Batching, ReplicaCost
from clustersim.des.serving.settings import Pool
from clustersim.errors import InputError

COST = ReplicaCost(tuple(0.01 + 1e-4 * n for n in range(2049)), 1e-4, 1e-7, 0.0, 0.0, 200_000)
POOL = Pool(1, COST, Batching(max_tokens=2048, max_sequences=64))


def clips(n: int, gap: float = 100.0) -> Requests:
    return Requests(np.arange(n) * gap, np.full(n, 20), np.full(n, 5))


def test_stages_by_hand() -> None:
    front = FrontEnd(channels=2, channel_fps=100.0, vision_workers=1, vision_fps=10.0, tokens_per_frame=50)
    run = serve_multimodal(clips(1), frames=np.array([300]), sampled=np.array([4]), front=front, pool=POOL)
    assert run.decoded[0] == pytest.approx(3.0)
    assert run.seen[0] == pytest.approx(3.4)
    assert run.ttft_s[0] == pytest.approx(3.4 + 0.01 + 220 * 1e-4)
    assert run.e2e_s[0] > run.ttft_s[0]


def test_clips_queue_for_channels() -> None:
    front = FrontEnd(1, 100.0, 8, 1e6, 10)
    run = serve_multimodal(
        clips(3, 0.0), frames=np.full(3, 100), sampled=np.full(3, 1), front=front, pool=POOL
    )
    assert run.decoded.tolist() == pytest.approx([1.0, 2.0, 3.0])


def test_what_binds_moves() -> None:
    n = 60
    frames, sampled = np.full(n, 300), np.full(n, 30)
    slow_codec = serve_multimodal(
        clips(n, 0.5), frames=frames, sampled=sampled, front=FrontEnd(2, 300.0, 8, 1e3, 10), pool=POOL
    )
    slow_model = serve_multimodal(
        clips(n, 0.5), frames=frames, sampled=sampled, front=FrontEnd(64, 300.0, 8, 1e3, 400), pool=POOL
    )
    assert slow_codec.binds == "channels"
    assert slow_model.binds == "language"


def test_bad_input() -> None:
    with pytest.raises(InputError, match="no codec channels"):
        FrontEnd(0, 30.0, 1, 1.0, 1)
    front = FrontEnd(1, 30.0, 1, 1.0, 1)
    with pytest.raises(InputError, match="cannot sample more"):
        serve_multimodal(clips(1), frames=np.array([1]), sampled=np.array([2]), front=front, pool=POOL)


def test_cost_is_charged_to_who_used_the_cards() -> None:
    from clustersim.des.serving.cluster import simulate
    from clustersim.perf.serving_cost import IterationTerms

    run = simulate(Requests(np.zeros(4), np.full(4, 400), np.full(4, 50)), POOL)
    zero = np.zeros(2049)
    terms = IterationTerms(
        tokens=np.arange(2049.0), weights_s=np.asarray(COST.fixed_s), activations_s=zero, exchange_s=zero,
        overhead_s=zero, kv_s=COST.kv_s, pair_s=0.0, sequence_s=0.0, flops=zero, weight_bytes=zero, kv_bytes=0.0,
        pair_flops=0.0, near_s=zero,
    )  # fmt: skip
    seconds = token_seconds(run, terms)
    assert seconds.busy_s == pytest.approx(run.log(0)[:, 1].sum())
    assert seconds.input_s == pytest.approx(0.01 + 1600 * 1e-4)
    cost = token_cost(seconds, replica_seconds=run.replica_seconds, cards=8, cny_per_card_hour=6.0)
    parts = cost.input_cny * 1600 / 1e6 + cost.output_cny * 200 / 1e6
    assert parts == pytest.approx(cost.total_cny)

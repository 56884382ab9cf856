"""Video streams: shares by hand, what binds, blocking by Erlang, a card without channels."""

from math import factorial

import numpy as np
import pytest

from clustersim.des.serving.video import (
    FULL_HD,
    StreamKind,
    VideoCard,
    demand,
    simulate_streams,
    streams_per_card,
)
from clustersim.errors import InputError

CARD = VideoCard("BR", 256, 32, 30.0, 56e6, 2.4e14, 32e9)


def test_shares_by_hand() -> None:
    need = demand(StreamKind("hd", FULL_HD, 30.0, flops_per_s=2.4e12, model_memory=0.0), CARD)
    assert need.decode == pytest.approx(1 / 256)
    assert need.compute == pytest.approx(0.01)
    assert need.memory == pytest.approx(56e6 / 32e9)
    assert need.encode == 0.0
    assert need.binds == "compute"


def test_smaller_pictures_and_other_codecs_scale_channel_work() -> None:
    hd = demand(StreamKind("a", FULL_HD, 30.0), CARD).decode
    assert demand(StreamKind("b", FULL_HD / 4, 30.0), CARD).decode == pytest.approx(hd / 4)
    assert demand(StreamKind("c", FULL_HD, 30.0, codec="av1"), CARD).decode == pytest.approx(2 * hd)


def test_what_binds_flips_from_channels_to_compute_with_sampling() -> None:
    binds = [
        streams_per_card([(StreamKind("x", FULL_HD, 30.0, flops_per_s=f * 1e12), 1)], CARD)[1].binds
        for f in (0.1, 0.5, 2.0)
    ]
    assert binds == ["decode", "decode", "compute"]
    assert streams_per_card([(StreamKind("t", FULL_HD, 30.0, encode=True), 1)], CARD)[1].binds == "encode"


def test_a_card_without_channels_is_refused() -> None:
    with pytest.raises(InputError, match="no codec channels"):
        VideoCard("H20", 0, 0, 30.0, 56e6, 1e14, 96e9)
    with pytest.raises(InputError, match="no encode channels"):
        demand(StreamKind("t", FULL_HD, 30.0, encode=True), VideoCard("D", 8, 0, 30.0, 56e6, 1e14, 96e9))


def test_blocking_is_erlangs() -> None:
    small = VideoCard("S", 10, 1, 30.0, 1.0, 1e15, 1e15)
    run = simulate_streams(
        [(StreamKind("hd", FULL_HD, 30.0), 8.0)], small, cards=1, session_s=60.0, duration_s=600_000.0,
        rng=np.random.default_rng(2),
    )  # fmt: skip
    terms = [8.0**k / factorial(k) for k in range(11)]
    assert run.blocked["decode"] / run.offered == pytest.approx(terms[-1] / sum(terms), abs=0.01)
    assert run.peak_streams == 10
    assert run.use["decode"] == pytest.approx(8.0 * (1 - terms[-1] / sum(terms)) / 10, rel=0.02)

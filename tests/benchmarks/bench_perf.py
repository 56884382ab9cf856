"""Speed of the step and of the search over plans."""

from dataclasses import replace

from clustersim.perf.job import TrainJob
from clustersim.perf.model import Model
from clustersim.perf.plan import Plan
from clustersim.perf.search import PlanSpace, search_plans
from clustersim.perf.step import estimate_step
from tests.laws.test_perf_laws import WAVES as CARD
from tests.laws.test_perf_laws import network

GPT3 = Model(
    name="gpt3-175b", layers=96, hidden=12288, heads=96, kv_heads=96, head_dim=128, ffn_hidden=49152, gated=False,
    vocab=51200, tied_embeddings=True,
)  # fmt: skip
WIDE = PlanSpace(
    tp=(1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 96), cp=(1, 2, 4, 8, 16, 32), ep=(1,),
    micro_batch=tuple(range(1, 385)), interleave=tuple(range(1, 97)), offload_optimizer=(False, True),
    offload_activations=(False, True),
)  # fmt: skip


def _one(cards: int):  # type: ignore[no-untyped-def]
    plan = Plan(tp=8, pp=1 if cards == 8 else 8, dp=max(1, cards // 64))
    if cards == 8:
        plan = Plan(tp=8)
    return estimate_step(
        TrainJob(
            card=CARD, network=network(), model=GPT3, plan=plan, cards=cards, global_batch=max(8, plan.dp), seq_len=2048
        )
    )  # fmt: skip


def test_one_plan_of_8_cards(benchmark) -> None:  # type: ignore[no-untyped-def]
    benchmark(lambda: _one(8))


def test_one_plan_of_131072_cards(benchmark) -> None:  # type: ignore[no-untyped-def]
    benchmark(lambda: _one(131_072))


def test_the_space_of_gpt3_on_1024_cards(benchmark, say) -> None:  # type: ignore[no-untyped-def]
    card = replace(CARD, host_link_bandwidth=5e10)
    job = TrainJob(card=card, network=network(), model=GPT3, cards=1024, global_batch=3072, seq_len=2048)
    result = benchmark.pedantic(lambda: search_plans(job, WIDE), rounds=1)
    say(
        f"plans of a wide space ({result.possible:,}, of which {result.fitting:,} fit)",
        f"{result.possible / benchmark.stats.stats.median:,.0f}/s",
        "processor time of one search",
        ">= 300,000/s",
    )

"""Speed of questions asked backwards: candidate clusters a second, draws of a headline a second."""

import math

from clustersim.planner.cluster import Limits, plan_cluster
from clustersim.planner.training import Question
from clustersim.planner.uncertainty import headlines, one_side
from clustersim.schema.sides import load_sides


def test_two_hundred_candidate_clusters(benchmark, say) -> None:  # type: ignore[no-untyped-def]
    nics = [{"cluster.nic": nic} for nic in ("roce-100g", "roce-200g", "roce-400g")]
    sides = load_sides(["br166-1024", "h20-1024", "h100-1024"], variants=nics)
    templates = {side.name: Question(side, "pretrain") for side in sides}
    answer = benchmark.pedantic(
        lambda: plan_cluster(templates, Limits(power_w=math.inf)), rounds=3, iterations=1
    )
    rate = answer.candidates / benchmark.stats.stats.median
    say(
        f"candidate clusters ({answer.candidates}, {answer.within} of them planned and run)", f"{rate:,.0f}/s",
        "processor time, median of 3",
    )  # fmt: skip


def test_draws_of_a_headline(benchmark, say) -> None:  # type: ignore[no-untyped-def]
    benchmark.pedantic(lambda: headlines(one_side("br166-1024", {}), count=256), rounds=3, iterations=1)
    rate = 256 / benchmark.stats.stats.median
    say("draws of a headline, from the files on", f"{rate:,.0f}/s", "processor time of 256, median of 3")

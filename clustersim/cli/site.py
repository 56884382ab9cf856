"""Commands about one scenario and its rivals: the corridor, its stages, its price, what explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from clustersim.cli.names import DRAWS, SEED, SKIP, WORKERS, Finite
from clustersim.cli.options import answers
from clustersim.errors import InputError
from clustersim.processors import processors

if TYPE_CHECKING:
    from clustersim import Answer, Scenario
    from clustersim.cli.progress import Teller

_WORKLOAD = click.option(
    "--workload",
    default="",
    metavar="NAME",
    help="Which workload of the kind, by default the first or only one.",
)
_STATED = click.option(
    "--stated-plans",
    is_flag=True,
    help="Let a plan that one side alone states be held against the other's best.",
)


def _allowing(scenario: Scenario, stated_plans: bool) -> Scenario:
    return scenario.set({"market.stated_plans": True}) if stated_plans else scenario


@answers()
@_STATED
@click.option("--seed", type=SEED, help="Replace the scenario's seed.")
@click.option(
    "--draws", type=DRAWS, default=64, show_default=True,
    help="Draws of uncertain inputs and of the errors of predictions behind P10 to P90; 0 leaves them out.",
)  # fmt: skip
def run(scenario: Scenario, stated_plans: bool, seed: int | None, draws: int, tell: Teller) -> Answer:
    """Run SCENARIO (a file or a shipped name): its demand on its site, from the cards to a target price."""
    asked = _allowing(scenario, stated_plans)
    return (asked if seed is None else asked.set({"seed": seed})).run(draws=draws, tell=tell.stage)


@answers()
@click.option("--show-origin", is_flag=True, help="List every input with its file and line, or its flag.")
def check(scenario: Scenario, show_origin: bool) -> Answer:
    """Check SCENARIO and every profile it names; all problems of a file are reported at once."""
    return scenario.origins() if show_origin else scenario.check()


@answers()
@click.option("--all", "everything", is_flag=True, help="Show terms that did not change, too.")
@_STATED
def explain(scenario: Scenario, everything: bool, stated_plans: bool) -> Answer:
    """Show what a change of inputs does along the chain of SCENARIO, from the input to HKD per share.

    What the change makes the valuation say (that an input has no effect, and why; what binds) goes to stderr.
    """
    if not scenario.changes:
        raise InputError("explain needs a change: give --set KEY=VALUE")
    return _allowing(scenario, stated_plans).explain(everything=everything)


@answers()
@click.option(
    "--draws", type=DRAWS,
    show_default="256, fewer where each would queue many jobs again",
    help="Draws of the uncertain inputs behind P10, P50 and P90; 0 leaves the intervals out.",
)  # fmt: skip
def tco(scenario: Scenario, draws: int | None) -> Answer:
    """Price the site of SCENARIO: bill of materials, cost over its life and of every workload's units, intervals, the
    market's rent beside it."""
    return scenario.tco(draws=draws)


@answers()
@click.option(
    "--output",
    "outcome",
    required=True,
    metavar="NAME",
    help="Number asked, as `run` calls it: target_price_hkd.",
)
@click.option(
    "--decide", default="", metavar="KEY=a,b,…",
    help="What is decided: values of one key (cluster.card=X,Y; cards.X.price=…), or buy-or-rent.",
)  # fmt: skip
@click.option(
    "--maximise/--minimise", default=None, help="Whether more is better; the default goes by the output."
)
@click.option(
    "--draws", default=512, show_default=True, type=click.IntRange(128, 20_000), help="Draws of all unknowns."
)
def worth(
    scenario: Scenario, outcome: str, decide: str, maximise: bool | None, draws: int, tell: Teller
) -> Answer:
    """Say what it is worth to know each uncertain input of SCENARIO, for an output and a decision.

    Shares of the output's variance (first order, Shapley); with --decide the expected gain of knowing each input, of
    each measurement of the kit, and of knowing all; the order in which to measure.
    """
    return scenario.worth(outcome, decide=decide, maximise=maximise, draws=draws, tell=tell.count)


@answers(of="scenarios")
@click.option(
    "--own-site", is_flag=True, help="Price each cluster at its own site; else all at the first one's."
)
@click.option("--demand", default="", metavar="SCENARIO", help="Put this one's demand on all of them.")
@_STATED
@click.option(
    "--draws", type=DRAWS,
    show_default="128, fewer where each would queue many jobs again",
    help="Draws of the uncertain inputs behind P10 and P90; clusters share the draws of what they share.",
)  # fmt: skip
@click.option(
    "--budget", help="Every cluster as large as this capex allows, VAT included, for example '300 MCNY'."
)
@click.option(
    "--power", help="Every cluster as large as this provisioned site power allows, for example '3 MW'."
)
@click.option("--racks", help="Every cluster as large as so many racks allow.")
def compare(
    scenario: Scenario, others: list[str], own_site: bool, demand: str, stated_plans: bool, draws: int | None,
    budget: str | None, power: str | None, racks: str | None,
) -> Answer:  # fmt: skip
    """Run one demand on the clusters of SCENARIOS, each at its sustainable rate: cost of every unit, power, service
    level, plans, and the difference by term. With --budget, --power or --racks at equal means: each cluster grows by
    whole servers or supernodes, unlike groups in their ratio.

    Keys of --set reach every side where they say what is asked, its price or a part; keys of a cluster reach the first;
    SCENARIO.KEY reaches one.
    """
    return scenario.compare(
        *others, own_site=own_site, demand=demand, stated_plans=stated_plans, draws=draws, budget=budget, power=power,
        racks=racks,
    )  # fmt: skip


@answers()
def fabric(scenario: Scenario) -> Answer:
    """Lay out what joins the cards of SCENARIO as a graph: parts, rates, what failures leave."""
    return scenario.fabric()


@answers()
@_WORKLOAD
@click.option(
    "--fidelity", type=click.Choice(["auto", "closed", "vector", "des"]), default="auto", show_default=True,
    help="How the month is computed: closed form, vectorised draws, or events one by one.",
)  # fmt: skip
@click.option(
    "--replications", type=click.IntRange(1, 1_000_000), help="Simulated runs; the scenario's by default."
)
@click.option(
    "--scaling", metavar="LOW:HIGH", help="Scaling curves from LOW to HIGH cards instead, by doubling."
)
@click.option(
    "--with", "others", multiple=True, metavar="SCENARIO",
    help="Train together with the cluster and plan of another scenario. Repeatable.",
)  # fmt: skip
@click.option(
    "--share", type=click.Choice(["best", "batch", "layers"]), default="best", show_default=True,
    help="With --with: what the clusters share out.",
)  # fmt: skip
@click.option(
    "--link", default="100 Gb/s", show_default=True, help="Bandwidth per card between the clusters."
)
@click.option(
    "--workers", type=WORKERS, show_default="all processors",
    help="Processes for simulated months that take long; the result does not depend on it.",
)  # fmt: skip
def train(
    scenario: Scenario, workload: str, fidelity: str, replications: int | None, scaling: str | None,
    others: tuple[str, ...], share: str, link: str, workers: int | None,
) -> Answer:  # fmt: skip
    """Run a training workload of SCENARIO: its step by the stated plan or the best one, and the long run with failures
    and checkpoints."""
    if others:
        return scenario.train_with(
            *others, workload=workload, share=share, link=link, fidelity=fidelity, replications=replications
        )
    if scaling is None:
        return scenario.train(
            workload=workload, fidelity=fidelity, replications=replications, workers=workers or processors()
        )
    low, _, high = (part.strip() for part in scaling.partition(":"))
    if not (low.isdigit() and high.isdigit()):
        raise InputError(f"--scaling {scaling!r}: write LOW:HIGH, for example 8:131072")
    return scenario.scaling(int(low), int(high), workload=workload)


@answers()
@_WORKLOAD
@click.option("--trace", help="Serve this trace instead of the workload's traffic (CSV or JSON lines).")
@click.option("--skip", type=SKIP, help="Bad lines of the trace that may be left out.")
@click.option(
    "--whole", is_flag=True, help="Serve the requests that the scenario draws from first to last, no steady state."
)  # fmt: skip
@click.option(
    "--error", type=Finite(0.001, 0.5), default=0.01, show_default=True,
    help="Relative standard error that the figures of a steady state are served to.",
)  # fmt: skip
@click.option(
    "--records", metavar="FOLDER",
    help="Serve every request in bounded memory, however many; write what became of each to Parquet files there.",
)  # fmt: skip
def serve(
    scenario: Scenario, workload: str, trace: str | None, skip: int | None, whole: bool, error: float,
    records: str | None,
) -> Answer:  # fmt: skip
    """Serve the requests of SCENARIO, or its video streams, and print latency, throughput, use and cost."""
    return scenario.serve(
        workload=workload, trace=trace, skip=skip, whole=whole, error=error, records=records
    )


@answers()
@click.option("--kind", default="", metavar="KIND", help="Which collective, by default all_reduce.")
@click.option(
    "--size", "sizes", multiple=True, metavar="BYTES", help="How much, with its unit ('1 GiB'). Repeatable."
)
@click.option("--cards", type=click.IntRange(2, 10_000_000), help="How many cards exchange, by default all.")
def collectives(scenario: Scenario, kind: str, sizes: tuple[str, ...], cards: int | None) -> Answer:
    """Time collectives on the cluster of SCENARIO: those that the file names, or those of the options.

    Bytes and bus bandwidth are counted as the NCCL tests count them.
    """
    return scenario.collectives(kind=kind, sizes=sizes, cards=cards)


@answers(of="maybe")
@_WORKLOAD
@click.option(
    "--trace", metavar="FILE",
    help="Instead of a scenario: jobs of a trace (sacct, Philly, Helios, Acme, PAI, or a plain table), with --servers.",
)  # fmt: skip
@click.option("--layout", default="", help="Layout of the trace, where its columns do not tell.")
@click.option("--servers", metavar="FILE", help="With --trace: a table of servers.")
@click.option(
    "--order", type=click.Choice(("arrival", "fair_share", "shortest", "recorded")), default="arrival",
    show_default=True, help="With --trace: who is next; recorded starts as the trace did.",
)  # fmt: skip
@click.option("--what-if", is_flag=True, help="What one more server or another policy would change.")
def jobs(
    scenario: Scenario | None, workload: str, trace: str | None, layout: str, servers: str | None, order: str,
    what_if: bool,
) -> Answer:  # fmt: skip
    """Queue the jobs of SCENARIO on its cluster, with failures, priorities and pre-emption; or replay a trace.

    The cost of a useful card-hour is told where the site has prices (tco).
    """
    if (scenario is None) == (trace is None) or (trace is None) != (servers is None):
        raise InputError("give either a SCENARIO, or --trace with --servers")
    if scenario is not None:
        return scenario.jobs(workload=workload, what_if=what_if)
    import clustersim as cs

    return cs.replay(str(trace), str(servers), layout=layout, order=order, what_if=what_if)


@answers()
@_WORKLOAD
@click.option(
    "--coverage", type=Finite(0, 1, max_open=True), default=0.993, show_default=True,
    help="Share of failures that recover without people (Llama 3: 416 of 419).",
)  # fmt: skip
@click.option(
    "--penalty", default="0 CNY", show_default=True,
    help="What each restore over five minutes costs whoever promised it; prices the promise.",
)  # fmt: skip
@click.option(
    "--draws", type=DRAWS, default=64, show_default=True,
    help="Draws of uncertain inputs behind P10 to P90 and the shares in which a claim is met; 0 leaves them out.",
)  # fmt: skip
def claims(scenario: Scenario, workload: str, coverage: float, penalty: str, draws: int) -> Answer:
    """Examine the published claims of 5 and 30 days, 5 minutes and 95 % against SCENARIO."""
    return scenario.claims(workload=workload, coverage=coverage, penalty=penalty, draws=draws)

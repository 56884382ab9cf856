"""When a training job is done: days from the start, and the date, with the spread of simulated runs of its length."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from clustersim.des.training.fidelity import run_fidelity
from clustersim.errors import InputError
from clustersim.pipeline.site import SiteRun
from clustersim.planner.training import Question, days_for
from clustersim.schema.inputs import Inputs
from clustersim.workloads.training import TrainingDetail
from clustersim.workloads.work import Work

__all__ = ["Finish", "delivery_weeks", "finish_of", "order_date", "work_named"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Days that the tokens take: as expected, and P10, P50, P90 of simulated runs of that length.

    Dates count from the order: the delivery of the cluster, then the days. They are absent where a part's lead time
    is not published.
    """

    tokens: float
    days: float
    days_p10: float
    days_p50: float
    days_p90: float
    replications: int
    fidelity: str
    card_hour_share: float
    order_date: date
    delivery_weeks: float | None

    def on(self, days: float) -> date | None:
        """Return the date so many days after the delivery."""
        if self.delivery_weeks is None:
            return None
        return self.order_date + timedelta(days=self.delivery_weeks * 7 + days)


def order_date(inputs: Inputs, given: date | None = None) -> date:
    """Return the date of the order: as given, else the first of the month of the question (``tco.as_of``, or the price
    book's own)."""
    if given is not None:
        return given
    year, month = (int(part) for part in inputs.prices.date.split("-"))
    return date(year, month, 1)


def delivery_weeks(inputs: Inputs, lead_time_weeks: float) -> float:
    """Return the weeks from the order to the running cluster: the longest lead time and the assembly.

    Raises InputError where the price book does not say how long the assembly takes.
    """
    assembly = inputs.prices.integration_time
    if assembly is None:
        raise InputError(
            f"price book {inputs.prices.name} has no integration_time, needed for a delivery date"
        )
    return lead_time_weeks + assembly.value


def work_named(run: SiteRun, name: str) -> Work:
    """Return one work of a site's run by its name."""
    return next(work for work in run.works if work.name == name)


def finish_of(
    asked: Question, run: SiteRun, tokens: float, *, ordered: date | None = None, weeks: float | None = None
) -> Finish:
    """Return when a run of the site has trained the tokens, with the spread of its failures.

    Every replication is a run of the expected length; what it keeps of its time, P90 to P10, gives the days P10 to P90.

    Raises InputError for tokens that are not above zero.
    """
    if not tokens > 0:
        raise InputError(f"--tokens must be above zero, not {tokens:g}")
    work = work_named(run, asked.name)
    detail: TrainingDetail = work.detail
    rate = work.rates["training_goodput_tokens_per_s"]
    length = replace(detail.run, duration_s=tokens / rate)
    summary = run_fidelity(
        length, asked.inputs.scenario.seed, replications=asked.inputs.reliability.replications
    )
    share = asked.card_hour_share

    def days(ettr: float) -> float:
        return float(days_for(tokens, detail.step.tokens_per_s * ettr, share))

    return Finish(
        tokens=tokens, days=days_for(tokens, rate, share), days_p10=days(summary.ettr.p90),
        days_p50=days(summary.ettr.p50), days_p90=days(summary.ettr.p10), replications=summary.replications,
        fidelity=summary.fidelity, card_hour_share=share, order_date=order_date(asked.inputs, ordered),
        delivery_weeks=weeks,
    )  # fmt: skip

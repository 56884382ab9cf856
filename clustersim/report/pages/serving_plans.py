"""Plans of serving as a page: layouts by the rate that meets the level; the same asked from a rate or a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from clustersim.des.serving.day import day_rates
from clustersim.errors import InputError
from clustersim.planner.candidates import Limits
from clustersim.planner.serving import Serving
from clustersim.planner.serving_search import frontier_rows, largest_fleet, options
from clustersim.planner.training import chosen_workload
from clustersim.report.answer import Answer
from clustersim.report.pages.serving import digits, video_workload
from clustersim.schema.demand import VideoWorkload
from clustersim.schema.inputs import Inputs
from clustersim.workloads.video import sized

__all__ = ["Backwards", "serving_plan_answer"]


#: What is taken where nobody says: rows of a search, and the share of the streams that must find room.
_TOP, _ADMITTED = 15, 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Backwards:
    """What serving is asked backwards; with none of the first four, the largest rate at the service level.

    Attributes:
        requests_per_s: requests to carry.
        tokens_per_day: tokens a day to carry, prompt and answer.
        streams: video streams to carry at once on average.
        plans: compare parallel plans of a replica by the cost of a token.
        search: plan, batch and chunk under the service level, cheapest first.
        formats: search number formats too.
        frontier: throughput of a card against that of a user, over all plans and loads.
        limits: the largest fleet within them.
        top: how many of a search.
        admitted: share of the streams that must find room, by its lower 95 % bound.
        swing: by how much of its mean the demand goes up and down in a day; the workload's own without it.
    """

    requests_per_s: float | None = None
    tokens_per_day: float | None = None
    streams: float | None = None
    plans: bool = False
    search: bool = False
    formats: bool = False
    frontier: bool = False
    limits: Limits | None = None
    top: int = _TOP
    admitted: float = _ADMITTED
    swing: float | None = None

    def __post_init__(self) -> None:
        """Refuse two questions at once, formats without a search, and a day without a demand."""
        if self.swing is not None and all(
            one is None for one in (self.requests_per_s, self.tokens_per_day, self.streams)
        ):
            raise InputError(
                "--diurnal shapes a demand; give --demand, --tokens-per-day or --streams with it, or a workload's own"
                " traffic.process: diurnal"
            )
        if self.formats and not self.search:
            raise InputError("--formats widens a search; give --search with it")
        if self.top != _TOP and not self.search:
            raise InputError("--top cuts the list of a search; give --search with it")
        if self.admitted != _ADMITTED and self.streams is None:
            raise InputError("--admitted is of video streams; give --streams with it")
        numbers = (self.requests_per_s, self.tokens_per_day, self.streams, self.limits)
        if sum((*(one is not None for one in numbers), self.plans, self.search, self.frontier)) > 1:
            raise InputError(
                "--demand, --tokens-per-day, --streams, --plans, --search, --frontier and the limits (--budget,"
                " --power, --racks together) are questions of their own; ask one of them"
            )


def serving_plan_answer(
    inputs: Inputs, workload: str, asked: Backwards, tell: Callable[[str], None] = lambda name: None
) -> Answer:
    """Ask serving backwards: the largest rate at its service level, the cards for a demand, the cheapest plan."""
    _refuse_other_kind(inputs, workload, asked)
    if asked.streams is not None:
        name, rows = _video_plan(inputs, workload, asked.streams, asked)
    else:
        serving = Serving(inputs, workload)
        name, rows = serving.name, _plan_rows(serving, asked, tell)
    data = {"scenario": inputs.name, "workload": name, "answers": rows}
    hours = [hour for row in rows for hour in row.get("hours", ())]
    plain = [{k: v for k, v in row.items() if k != "hours"} for row in rows]
    shown = [_shown_row(row) for row in plain]
    day = [[_shown_row(hour) for hour in hours]] if hours else []
    return Answer(name="plan_serving", data=data, page=lambda: [shown, *day], rows=plain)


def _refuse_other_kind(inputs: Inputs, workload: str, asked: Backwards) -> None:
    """Raise InputError where requests are asked of video, or streams of requests: it names the option that is meant."""
    wanted, other = ("serving", "video") if asked.streams is None else ("video", "serving")
    others = list(inputs.of_kind(other))
    if workload not in others and (workload or inputs.of_kind(wanted) or not others):
        return
    name = workload or ", ".join(others)
    if asked.streams is None:
        raise InputError(
            f"{inputs.name}: {name} is of video; ask for its cards with --streams, for example --streams 5000"
        )
    raise InputError(
        f"{inputs.name}: {name} is of requests; ask for its cards with --demand or --tokens-per-day"
    )


def _shown_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as people read it."""
    return {k: digits(v) if isinstance(v, float) else v for k, v in row.items()}


def _plan_rows(serving: Serving, asked: Backwards, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """The answers of one question about requests; raises InputError where a level is needed and none is stated."""
    if asked.frontier:
        return [asdict(row) for row in frontier_rows(serving)]
    slo = serving.work.slo
    if slo.ttft is None and slo.tpot is None and slo.e2e is None:
        raise InputError(
            f"{serving.inputs.file}: demand.{serving.name}.slo has no bound, and a plan needs a service level; give"
            " ttft, tpot or e2e"
        )
    if asked.search:
        return [asdict(row) for row in options(serving, formats=asked.formats, step=tell)[: asked.top]]
    if asked.limits is not None:
        row = asdict(largest_fleet(serving, asked.limits))
        return [row | {k: v for k, v in row.pop("rate").items() if k not in row}]
    if asked.plans:
        return [asdict(row) for row in serving.plans(step=tell)]
    if asked.requests_per_s is not None:
        return [asdict(serving.cards_for(asked.requests_per_s, swing=asked.swing))]
    if asked.tokens_per_day is not None:
        rate = serving.requests_per_s(asked.tokens_per_day)
        return [asdict(serving.cards_for(rate, swing=asked.swing))]
    return [asdict(serving.rate_at_slo())]


def _video_plan(
    inputs: Inputs, workload: str, streams: float, asked: Backwards
) -> tuple[str, list[dict[str, Any]]]:
    """The workload's name, and the fewest cards that admit the streams, at the peak of a day that swings."""
    name, swing = chosen_workload(inputs, "video", workload), asked.swing or 0.0
    work, rates, peak = video_workload(inputs, name), day_rates(streams, swing), streams * (1.0 + swing)
    cards, run = sized(inputs, work, peak, asked.admitted)
    hours = _video_hours(inputs, work, rates, asked.admitted, cards) if swing > 0.0 else []
    row = {
        "card": inputs.parts.card.name, "cards": cards, "streams": streams, "sized_for_streams": peak,
        "admitted_share": run.share, "admitted_share_lower": run.lower, "simulated_cards": run.cards,
        "peak_streams": run.peak_streams, **{f"{part}_use": share for part, share in run.use.items()},
        "mean_cards": sum(hour["cards"] for hour in hours) / len(hours) if hours else None, "hours": hours,
    }  # fmt: skip
    return name, [row]


def _video_hours(
    inputs: Inputs, work: VideoWorkload, rates: Sequence[float], admitted: float, most: int
) -> list[dict[str, Any]]:
    """The cards of every hour of a day; a sine has most of its values twice."""
    keys = [float(f"{rate:.9g}") for rate in rates]
    cards = {key: min(sized(inputs, work, key, admitted)[0], most) for key in dict.fromkeys(keys)}
    return [{"hour": hour, "streams": key, "cards": cards[key]} for hour, key in enumerate(keys)]

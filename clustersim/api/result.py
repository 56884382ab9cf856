"""The run of a scenario: its headline, its terms with their tiers, what explains it, and its workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clustersim.errors import InputError, suggest
from clustersim.pipeline.chain import ChainRun
from clustersim.planner.uncertain_inputs import prediction_rows
from clustersim.planner.uncertainty import bearable_draws, chain_headlines, interval_data, scaling_interval
from clustersim.report.answer import Answer, Block, Row, html_of, short
from clustersim.report.pages.explain import explained
from clustersim.report.result import result_object
from clustersim.report.run_report import run_files
from clustersim.report.summary import summary
from clustersim.report.term_sources import predicted_ranges, source_of
from clustersim.report.term_units import unit_of
from clustersim.terms import chain_terms

if TYPE_CHECKING:
    import pandas as pd

    from clustersim.api.scenario import Scenario

__all__ = ["Result", "result_of", "scaling_range"]

_COLUMNS = ("room", "term", "value", "unit", "low", "high", "tier", "source")


@dataclass(frozen=True, kw_only=True, repr=False)
class Result(Answer):
    """The whole corridor of one scenario.

    Attributes:
        scenario: what was run.
        run: the run itself, with every stage's own object.
        ranges: P10 and P90 of the terms that were drawn, by name.
    """

    scenario: Scenario
    run: ChainRun
    ranges: Mapping[str, tuple[float, float]]

    @cached_property
    def terms(self) -> pd.DataFrame:
        """Every named number of the corridor: room, term, value, unit, low, high, tier, source.

        Low and high are P10 and P90: of what was drawn, else of predicted times and rates by the residuals of their
        class; the tier is that of the weakest input that the term rests on.
        """
        import pandas as pd

        found = chain_terms(self.run)
        fields = list(self.run.inputs.fields())
        known = predicted_ranges(self.run, {name: value for _, name, value in found}) | dict(self.ranges)
        rows = [
            (room, name, value, unit_of(name), *known.get(name, (None, None)), *source_of(fields, room, name))
            for room, name, value in found
        ]
        frame = pd.DataFrame(rows, columns=list(_COLUMNS))
        return frame.astype({"value": float, "low": float, "high": float})

    @cached_property
    def inputs(self) -> pd.DataFrame:
        """Every sourced number that went in, in the columns of ``terms``; the room is the file's kind."""
        import pandas as pd

        rows = [
            (key.partition(".")[0], key, s.value, s.unit, s.low, s.high, s.tier, s.source)
            for key, s in self.run.inputs.fields()
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    @cached_property
    def headline(self) -> list[Row]:
        """What a run is asked for first: the cost of every unit and of a card-hour, the card's value, the share's."""
        wanted = ("cny_per_card_hour", "capex_cny", "value_in_use_price_cny")
        found = {name: (room, value) for room, name, value in chain_terms(self.run)}
        units = [
            n
            for n in found
            if "cny_per_" in n and "incumbent" not in n and not n.endswith(("_hour", "_year"))
        ]
        prices = [n for n in found if n.startswith("target_price_")]
        fields = list(self.run.inputs.fields())
        rows: list[Row] = []
        for name in (*units, *(n for n in wanted if n in found), *prices):
            room, value = found[name]
            low, high = self.ranges.get(name, (None, None))
            tier, _ = source_of(fields, room, name)
            rows.append(
                {"term": name, "value": value, "unit": unit_of(name), "low": low, "high": high, "tier": tier}
            )
        return rows

    @property
    def _head(self) -> str:
        data = self.data
        assert isinstance(data, Mapping)
        return f"{data['scenario']}  (seed {data['seed']}; weakest input: {data['weakest_tier']})"

    def __repr__(self) -> str:
        return short(
            [self._head, self.headline, "terms, inputs, explain(), text() and to_dict() have the rest"]
        )

    def _repr_html_(self) -> str:
        return "\n".join(html_of(block) for block in (self._head, self.headline))

    def value(self, name: str) -> float:
        """Return one term by its name; raises InputError with the nearest name, and for what is no name."""
        if not isinstance(name, str):
            raise InputError(f"value takes the name of a term as text, not {type(name).__name__}")
        found = {term: value for _, term, value in chain_terms(self.run)}
        if name not in found:
            raise InputError(f"no term {name!r}; {suggest(name, list(found))}")
        return found[name]

    def explain(self, other: Scenario | None = None, *, everything: bool = False) -> Answer:
        """Say what leads from another scenario to this result, term by term along the corridor.

        Without another one, or given the very scenario that was run, from the files as they stand: what its changes
        did. Raises InputError where nothing was changed.
        """
        base = other
        if base is not None and not hasattr(base, "as_filed"):
            raise InputError("explain takes a scenario: cs.load(name), with its changes")
        if base is None or (base.name, dict(base.changes)) == (
            self.scenario.name,
            dict(self.scenario.changes),
        ):
            base = self.scenario.as_filed()
        return explained(base.chain(), self.run, everything=everything)

    def to_excel(self, path: str | Path, *, case: str = "base", labels: str = "en") -> Path:
        """Write the forecast as a live workbook and return its path.

        Raises InputError where the scenario has no company, or the file cannot be written.
        """
        from clustersim.api.company import Company

        return Company(self.scenario.name, self.scenario.changes).to_excel(path, case=case, labels=labels)


def _page(data: Mapping[str, Any]) -> list[Block]:
    return [summary(data)]


def scaling_range(run: ChainRun, draws: int) -> dict[str, Any]:
    """Return the interval of the weak scaling of what is trained on one kind of card."""
    trained = run.own.work("training")
    if trained is None or run.inputs.groups:
        return {}
    found = scaling_interval(run.inputs, trained.name, trained.detail.scaling[1], draws)
    return {"scaling_efficiency": found}


def result_of(scenario: Scenario, run: ChainRun, draws: int = 0) -> Result:
    """Return the result of a run; ``draws`` of the uncertain inputs and of the errors of predictions give intervals."""
    data = result_object(run)
    draws, said = bearable_draws(draws, draws, ())
    if draws:
        draws, said = bearable_draws(None, draws, (run.own,))
        found = chain_headlines(scenario.name, scenario.changes, run, count=draws)
        data |= {
            "draws": draws,
            "intervals": interval_data(found) | scaling_range(run, draws),
            "predictions": prediction_rows(run.inputs),
        }
    return Result(
        name="result",
        data=data,
        page=partial(_page, data),
        files=partial(run_files, run, data),
        said=said,
        scenario=scenario,
        run=run,
        ranges={name: (s["p10"], s["p90"]) for name, s in data["intervals"].items()} if draws else {},
    )

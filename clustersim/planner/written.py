"""A planned cluster as a scenario file that runs as it stands, and gives the numbers that the plan promised."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from clustersim.assemble.training import plan_section
from clustersim.errors import InputError
from clustersim.perf.search import FoundPlan
from clustersim.pipeline.site import SiteRun, run_site
from clustersim.planner.finish import work_named
from clustersim.planner.training import Question
from clustersim.schema.inputs import Inputs
from clustersim.schema.load_inputs import load_inputs

__all__ = ["Source", "scenario_text", "write_scenario"]

#: How far the run of a written file may lie from what was promised: the rounding of a file's numbers.
SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Source:
    """The sides whose files state the terms and the demand of the question."""

    terms: Inputs
    demand: Inputs


def scenario_text(
    asked: Question, source: Source, name: str, plan: FoundPlan | None = None, head: str = ""
) -> str:
    """Return the YAML of a scenario: the files of the question as they were read, with what was planned in them.

    The plan is written as ``best``, which finds it again, or as ``plan`` states it.

    Raises InputError where an override changed a profile or the price book: a scenario does not hold those.
    """
    inputs = asked.inputs
    sides = (inputs, source.terms, source.demand)
    outside = sorted({o.key for side in sides for o in side.overrides if o.document != "scenario"})
    if outside:
        raise InputError(
            f"--write: --set {', '.join(outside)} changes another file than the scenario; put the change into a file of"
            " your own and name it in the scenario, or leave it out"
        )
    about = f"{inputs.cards} {inputs.parts.card.name}, planned from {inputs.name} for demand.{asked.name}"
    data: dict[str, Any] = {**_data(inputs), "name": name, "description": about}
    cluster = inputs.scenario.cluster
    data["cluster"] = {**data["cluster"], "card": cluster.card, "nic": cluster.nic, "cards": inputs.cards}
    data["tco"] = _data(source.terms)["tco"]
    data["demand"] = _demand(asked, source, plan)
    if plan is not None and "market" in data:
        # Held against the best plan of the incumbent: the question was about this very plan.
        data["market"] = {**data["market"], "stated_plans": True}
    lines = [f"# {line}" for line in head.splitlines()]
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=118)
    return "\n".join([*lines, text]) if lines else text


def _data(inputs: Inputs) -> dict[str, Any]:
    return dict(inputs.documents["scenario"].data)


def _demand(asked: Question, source: Source, plan: FoundPlan | None) -> dict[str, Any]:
    """The demand as its file states it, with the batch and plan of the question, and every other layout as it is."""
    out: dict[str, Any] = {}
    for name, stated in _data(source.demand)["demand"].items():
        out[name] = dict(stated)
        layout = getattr(asked.inputs.scenario.demand[name], "plan", None)
        if layout is not None:
            out[name]["plan"] = layout if layout == "best" else layout.model_dump()
    found = "best" if plan is None else plan_section(plan.plan).model_dump()
    out[asked.name] |= {"plan": found, "global_batch": asked.work.global_batch}
    return out


def write_scenario(
    path: Path,
    asked: Question,
    source: Source,
    promised: SiteRun,
    *,
    plan: FoundPlan | None = None,
    head: str = "",
) -> None:
    """Write the scenario, run it, and keep it only where it gives what was promised.

    Raises InputError where the file cannot be written, or its run differs from the plan.
    """
    text = scenario_text(asked, source, path.stem, plan, head)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        part.write_text(text, encoding="utf-8")
        again = run_site(load_inputs(str(part), (), with_incumbent=False))
        _refuse_other(path, asked.name, again, promised)
        part.replace(path)
    except OSError as error:
        raise InputError(f"--write {path}: cannot be written ({error.strerror or error})") from None
    finally:
        part.unlink(missing_ok=True)


def _refuse_other(path: Path, name: str, again: SiteRun, promised: SiteRun) -> None:
    numbers = {
        "goodput_tokens_per_s": [
            work_named(run, name).rates["training_goodput_tokens_per_s"] for run in (again, promised)
        ],
        "cny_per_mtoken": [run.cny_per_unit(work_named(run, name)) for run in (again, promised)],
        "capex_cny": [run.bill.total_cny for run in (again, promised)],
    }
    for key, (got, wanted) in numbers.items():
        if not math.isclose(got, wanted, rel_tol=SAME):
            raise InputError(
                f"--write {path}: its run gives {key} {got:.9g}, and the plan promised {wanted:.9g}; it is not written"
            )

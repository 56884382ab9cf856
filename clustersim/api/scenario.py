"""A scenario asked in Python: one demand on one priced site, and every question about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from clustersim.api.choice import AskedToChoose
from clustersim.api.cluster import AskedOfCluster
from clustersim.api.kinds import refuse_other
from clustersim.api.named import Count, Tell, no_count, quiet, refuse_no_scenario
from clustersim.api.told import told
from clustersim.api.values import AskedOverValues
from clustersim.errors import InputError
from clustersim.report.answer import Answer, listed
from clustersim.schema.lookup import find_file
from clustersim.schema.overrides import plain_changes
from clustersim.schema.sides import refuse_stated_plans

if TYPE_CHECKING:
    from clustersim.api.result import Result
    from clustersim.pipeline.chain import ChainRun

__all__ = ["Scenario", "load"]


class Scenario(AskedOfCluster, AskedToChoose, AskedOverValues):
    """A scenario by its name, with the inputs that were changed. Nothing is read before something is asked.

    Attributes:
        name: a file or a shipped name.
        changes: values by key, with units as text; a key that no file has is refused when a question is asked.
    """

    def check(self) -> Answer:
        """Check the scenario and every profile that it names, and count its numbers by tier.

        Code of another package that it names is tried on a small case; raises PackageError where it fails.
        """
        from clustersim.assemble.parts import check_bought
        from clustersim.assemble.tried import tried

        inputs = self.load()
        money = inputs.scenario.tco is not None
        if inputs.scenario.demand or not inputs.scenario.collectives:
            inputs.require(money=money, step_alone=not money)
        if money:
            check_bought(inputs)
        if inputs.scenario.market is not None and inputs.incumbent is not None:
            refuse_stated_plans([inputs, inputs.incumbent], allowed=inputs.scenario.market.stated_plans)
        tiers = Counter(sourced.tier for _, sourced in inputs.fields())
        rows = [{"tier": tier, "numbers": count} for tier, count in sorted(tiers.items())]
        said = [f"code of another package, tried: {code}" for code in tried(inputs)]
        said += [f"{inputs.file}: ok, {sum(tiers.values())} sourced numbers"]
        return listed("check", rows, said=said)

    def origins(self) -> Answer:
        """Say where every input comes from: a file and its line, or a change."""
        self.check()
        rows = [{"key": k, "value": str(v), "origin": where} for k, v, where in self.load().origins()]
        return listed("origins", rows)

    def chain(self, *, replications: int = 0, tell: Tell = quiet) -> ChainRun:
        """Return the bare run of the whole corridor, with no simulated month unless asked for."""
        from clustersim.pipeline.chain import run_chain

        return run_chain(self.load(), replications=replications, tell=tell)

    def numbers(self, changes: Mapping[str, object] = {}) -> dict[str, float]:
        """Return every output of the chain by the name that studies give it, with more inputs changed.

        It is made to be asked often, one point after another: after the first few with the same keys, a point takes
        well under a millisecond, and equals its own run to 1e-12.

        >>> site = load("br166-1024")
        >>> dear, cheap = (site.numbers({"tco.tariff": f"{t} CNY/kWh"})["cny_per_mtoken"] for t in (0.9, 0.3))
        >>> dear > cheap
        True
        """
        from clustersim.study.execute import asked_again

        return asked_again(self.name).numbers({**self.changes, **plain_changes(changes)})

    @told("run")
    def run(self, *, draws: int = 0, tell: Tell = quiet) -> Result:
        """Run the demand on its site, from the cards to a target price.

        ``draws`` of the uncertain inputs give the low and high of the terms of ``Result.terms``.
        """
        from clustersim.api.result import result_of
        from clustersim.pipeline.chain import run_chain

        inputs = self.load()
        tell("inputs")
        return result_of(self, run_chain(inputs, tell=tell), draws)

    @told("explain")
    def explain(self, *, everything: bool = False) -> Answer:
        """Say what the changes do along the corridor, term by term, with elasticities where one number changed.

        Raises InputError where nothing was changed.
        """
        from clustersim.report.pages.explain import explained

        base = self.as_filed()
        self.load()  # a wrong key is said before anything runs
        return explained(base.chain(), self.chain(), everything=everything)

    def as_filed(self) -> Scenario:
        """Return the scenario without its changes, but for leave to hold stated plans against searched ones.

        Raises InputError where nothing else was changed.
        """
        kept = {k: v for k, v in self.changes.items() if k == "market.stated_plans"}
        if len(kept) == len(self.changes):
            raise InputError("explain needs a change: set an input, or give another scenario")
        return Scenario(self.name, kept)

    @told("proposal")
    def proposal(
        self, *others: str, languages: Sequence[str] = ("en",), forms: Sequence[str] = (), draws: int | None = None,
        tell: Count = no_count,
    ) -> Answer:  # fmt: skip
        """Write a proposal of this cluster against others at its demand: a folder gets NAME-LANGUAGE.FORM and evidence.

        ``languages`` are en and zh; ``forms`` are pdf, docx, pptx, xlsx, html and bundle, all of them by default.
        """
        refuse_no_scenario(others)
        from clustersim.report.pages.proposal import FORMS, OfferAsked, proposal_answer

        asked = OfferAsked(name=self.name, others=others, sets=self.changes, draws=draws)

        def run() -> Mapping[str, object]:
            data = Scenario(self.name, asked.own).run().data
            assert isinstance(data, Mapping)
            return data

        return proposal_answer(asked, run, languages=languages, forms=forms or FORMS, tell=tell)


def load(name: str | Path) -> Scenario:
    """Return a scenario by its shipped name or the path of its file.

    >>> load("nanjing-1024")
    Scenario('nanjing-1024')

    Raises InputError, with the nearest name, where there is none, and for a file of another kind.
    """
    text = str(name)
    refuse_other(text, "scenario")
    find_file("scenarios", text)
    if not text.strip():
        raise InputError("'': names no scenario")
    return Scenario(text)

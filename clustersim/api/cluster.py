"""A scenario's cluster put to work: trained on, served on, queued on, its fabric and collectives, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clustersim.api.named import Named, refuse_no_scenario
from clustersim.api.told import told
from clustersim.report.answer import Answer
from clustersim.schema.sides import joined_sides, load_sides

__all__ = ["AskedOfCluster"]


class AskedOfCluster(Named):
    """What is asked of a scenario's own cluster, whatever its incumbent does."""

    @told("train")
    def train(
        self, *, workload: str = "", fidelity: str = "auto", replications: int | None = None, workers: int = 1
    ) -> Answer:
        """Run the training workload: its step, and its month at a fidelity (auto, closed, vector, des).

        ``workers`` processes simulate months that take long; any number of them gives the same.
        """
        from clustersim.report.pages.training import train_answer

        return train_answer(
            self.load(incumbent=False),
            workload,
            fidelity=fidelity,
            replications=replications,
            workers=workers,
        )

    @told("fabric")
    def fabric(self) -> Answer:
        """Lay the cluster's fabric out as a graph: its parts counted twice, rates beside the closed forms, failures."""
        from clustersim.report.pages.fabric import fabric_answer

        site = self.load(incumbent=False)
        if site.groups:
            from clustersim.report.pages.groups import fabric_of_groups

            return fabric_of_groups(site)
        return fabric_answer(site)

    @told("train")
    def scaling(self, low: int, high: int, *, workload: str = "") -> Answer:
        """Return weak and strong scaling curves from ``low`` to ``high`` cards."""
        from clustersim.report.pages.scaling import scaling_answer

        return scaling_answer(self.load(incumbent=False), workload, low=low, high=high)

    @told("train")
    def train_with(
        self, *others: str, workload: str = "", share: str = "best", link: str = "100 Gb/s", fidelity: str = "auto",
        replications: int | None = None,
    ) -> Answer:  # fmt: skip
        """Train together with the clusters and plans of other scenarios, as groups of one site.

        ``link`` is the bandwidth between them per card; the month has every cluster's failures.
        """
        from clustersim.planner.asked import in_bounds, number_of
        from clustersim.report.pages.training import train_answer

        refuse_no_scenario(others)
        sides = load_sides((self.name, *others), self.changes, demand=self.name, own_site=True)
        site = joined_sides(sides, in_bounds(number_of(link, "B/s", "--link"), "--link", 0, inside=True))
        return train_answer(site, workload, fidelity=fidelity, replications=replications, share=share)

    @told("serve")
    def serve(
        self, *, workload: str = "", trace: str | Path | None = None, skip: int | None = None, whole: bool = False,
        error: float = 0.01, records: str | Path | None = None,
    ) -> Answer:  # fmt: skip
        """Serve the requests, or the video streams: latency, throughput, cost; ``trace`` replaces the traffic.

        Figures are those of a steady state to a relative standard ``error``, or of the ``whole`` run. With a folder for
        ``records`` all requests are served in bounded memory, and told of one by one in Parquet files.
        """
        from clustersim.planner.asked import in_bounds
        from clustersim.report.pages.serving import serve_answer
        from clustersim.report.pages.serving_fleet import fleet_answer

        in_bounds(error, "--error", 0.001, 0.5)
        # The trace comes first: what is set of the traffic besides holds for the trace.
        whole_traffic = {"traffic": {"trace": str(trace)}} if trace else {}
        skipped = {"traffic.skip": skip} if skip is not None else {}
        asked = replace(self, changes={**whole_traffic, **self.changes, **skipped})
        site = asked.load(incumbent=False)
        if records is not None:
            site.refuse_groups("the records of one fleet")
            return fleet_answer(site, workload, Path(records))
        if site.groups and site.of_kind("serving"):
            from clustersim.report.pages.groups import serve_on_groups

            return serve_on_groups(site, workload, whole=whole, error=error)
        site.refuse_groups("the admission of streams to one pool")
        return serve_answer(site, workload, whole=whole, error=error)

    @told("jobs")
    def jobs(self, *, workload: str = "", what_if: bool = False) -> Answer:
        """Queue the jobs on the cluster; ``what_if``: what one more server or another policy would change."""
        from clustersim.report.pages.jobs import jobs_answer

        site = self.load(incumbent=False)
        return jobs_answer(site, workload, ask=what_if)

    @told("collectives")
    def collectives(
        self, *, kind: str = "", sizes: Sequence[str | float] = (), cards: int | None = None
    ) -> Answer:
        """Time collectives on the cluster: those of the scenario, or of a ``kind``, ``sizes`` and number of ``cards``.

        >>> import clustersim as cs
        >>> rows = cs.load("h100-1024").collectives(sizes=["1 GiB"], cards=8).to_dict()["collectives"]
        >>> [(row["kind"], row["cards_per_domain"], row["algorithm"]) for row in rows]
        [('all_reduce', 8, 'in_switch')]
        """
        from clustersim.planner.asked import number_of
        from clustersim.report.pages.collectives import collectives_answer

        asked = [number_of(size, "B", "--size") for size in sizes]
        site = self.load(incumbent=False)
        if site.groups:
            from clustersim.report.pages.groups import collectives_of_groups

            return collectives_of_groups(site, kind, asked, cards)
        return collectives_answer(site, kind, asked, cards)

    @told("tco")
    def tco(self, *, draws: int | None = None) -> Answer:
        """Price the site: bill of materials, cost over its life and of every unit, intervals, the market's rent.

        Without ``draws`` the intervals come from 256, from fewer where each would queue many jobs again.
        """
        from clustersim.report.pages.tco import tco_answer

        return tco_answer(self.name, self.changes, draws=draws)

"""Code of other packages that a scenario names, run on a small case before it is relied on."""

from __future__ import annotations

import numpy as np

from clustersim.assemble.brought import is_brought, laid_out
from clustersim.plugins import ENGINES, TAX_REGIMES, TOPOLOGIES, brought, seconds_of
from clustersim.schema.demand import ServingWorkload
from clustersim.schema.find_software import find_software
from clustersim.schema.inputs import Inputs

__all__ = ["tried"]


def tried(inputs: Inputs) -> tuple[str, ...]:
    """Run the code of other packages that a scenario names on a small case, and return what was tried, in words.

    Raises PackageError where it cannot be loaded, fails, or does not give what it promises.
    """
    found = []
    for site in inputs.groups or (inputs,):
        if site.scenario.cluster.fabric is not None and is_brought(site.fabric.topology):
            laid_out(site)
            found.append(brought(TOPOLOGIES, site.fabric.topology))
    served = [work for work in inputs.scenario.demand.values() if isinstance(work, ServingWorkload)]
    for work in served:
        serving = find_software(work.engine, role="serving").profile.serving
        if serving is not None and serving.beside:
            seconds_of(serving.beside, np.array([1.0, 64.0, 4096.0]), layers=32, moe_layers=0, tp=1,
                       layer_s=1e-5, step_s=1e-3, expert_layer_s=0.0)  # fmt: skip
            found.append(brought(ENGINES, serving.beside))
    if inputs.company is not None and (regime := inputs.company.drivers.tax_regime) != "loss_pool":
        from clustersim.finance.tax import (
            taxed,
        )  # with the company's statements, which nothing else here needs

        taxed(brought(TAX_REGIMES, regime), np.array([-1e3, 1e3]), rate=0.25)
        found.append(brought(TAX_REGIMES, regime))
    return tuple(dict.fromkeys(str(code.__doc__) for code in found))

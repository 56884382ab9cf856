"""What ties the forecast to the simulator: the value of each line's card in the scenario that stands for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clustersim.market.value import ValueInUse
from clustersim.pipeline.site import run_site
from clustersim.pipeline.value import other_cost_of, value_of_card
from clustersim.schema.anchors import load_anchors
from clustersim.schema.load_inputs import load_inputs

__all__ = ["SCENARIOS", "TOLERANCE_CNY", "FreshAnchor", "anchors_text", "fresh_anchors"]

#: Scenarios with an anchor. The first of a product line stands for every scenario that has none of its own.
SCENARIOS = ("nanjing-1024", "br166-1024", "br20x-4096", "br166-mixed", "serve-qwen3-32b", "serve-llama3-70b",
             "serve-deepseek-v3")  # fmt: skip
#: A fresh value further than this from the recorded one is another value, not rounding.
TOLERANCE_CNY = 1e-3
_HEAD = """# Value-in-use prices of the product lines in the shipped scenarios, made by `clustersim anchors --write`.
# A test compares them with a fresh run. The forecast moves by the difference to these values.
name: anchors
anchors:
"""


@dataclass(frozen=True, slots=True)
class FreshAnchor:
    """A scenario's product and the worth of its card now, beside the recorded one."""

    scenario: str
    product: str
    value: ValueInUse
    recorded_cny: float | None

    @property
    def stale(self) -> bool:
        """Whether the recorded value is another one."""
        return self.recorded_cny is None or abs(self.recorded_cny - self.value.price_cny) > TOLERANCE_CNY


def fresh_anchors() -> Iterator[FreshAnchor]:
    """Run every scenario with an anchor."""
    recorded = {row.scenario: row.value_in_use_price_cny.value for row in load_anchors().anchors}
    for scenario in SCENARIOS:
        inputs = load_inputs(scenario)
        assert inputs.incumbent is not None and inputs.parts.card.product is not None
        value = value_of_card(inputs, run_site(inputs), run_site(inputs.incumbent))
        yield FreshAnchor(scenario, inputs.parts.card.product, value, recorded.get(scenario))


def anchors_text(anchors: list[FreshAnchor]) -> str:
    """Return the file of anchors that records these values."""
    return _HEAD + "".join(_entry(a.scenario, a.product, a.value) for a in anchors)


def _entry(scenario: str, product: str, value: ValueInUse) -> str:
    def number(amount: float) -> str:
        return f"{{value: {amount!r}, source: clustersim run {scenario}, tier: derived}}"

    parts = "".join(f"      {name}: {number(amount)}\n" for name, amount in value.by_segment_cny.items())
    return (
        f"  - scenario: {scenario}\n    product: {product}\n    value_in_use_price_cny: {number(value.price_cny)}\n"
        f"    other_cost_cny: {number(other_cost_of(value))}\n    by_workload_cny:\n{parts}"
    )

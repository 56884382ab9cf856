"""``clustersim anchors``: record what the simulator gives at the shipped profiles, to which the forecast is tied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from clustersim.cli.options import emit_rows, format_option, write_beside
from clustersim.errors import CheckFailed

if TYPE_CHECKING:
    from clustersim.market.value import ValueInUse

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


@click.command()
@click.option("--write", is_flag=True, help="Replace the recorded anchors by the fresh values.")
@format_option()
def command(write: bool, fmt: str) -> None:
    """Compare the recorded anchors of the product lines with a fresh run, or record them anew."""
    from clustersim.schema.anchors import anchors_path, load_anchors

    rows: list[dict[str, Any]] = []
    text, stale = _HEAD, []
    recorded = {row.scenario: row.value_in_use_price_cny.value for row in load_anchors().anchors}
    for scenario in SCENARIOS:
        product, value = _fresh(scenario)
        old = recorded.get(scenario)
        rows.append(
            {"product": product, "scenario": scenario, "recorded_cny": old, "fresh_cny": value.price_cny}
        )
        if old is None or abs(old - value.price_cny) > TOLERANCE_CNY:
            stale.append(scenario)
        text += _entry(scenario, product, value)
    if write:
        with write_beside(anchors_path()) as temporary:
            temporary.write_text(text, encoding="utf-8")
    emit_rows(rows, fmt)
    if stale and not write:
        raise CheckFailed(f"the anchors of {', '.join(stale)} are stale; run `clustersim anchors --write`")


def _fresh(scenario: str) -> tuple[str, ValueInUse]:
    from clustersim.pipeline import run_site, value_of_card
    from clustersim.schema.inputs import load_inputs

    inputs = load_inputs(scenario)
    assert inputs.incumbent is not None and inputs.parts.card.product is not None
    return inputs.parts.card.product, value_of_card(inputs, run_site(inputs), run_site(inputs.incumbent))


def _entry(scenario: str, product: str, value: ValueInUse) -> str:
    from clustersim.pipeline import other_cost_of

    def number(amount: float) -> str:
        return f"{{value: {amount!r}, source: clustersim run {scenario}, tier: derived}}"

    parts = "".join(f"      {name}: {number(amount)}\n" for name, amount in value.by_segment_cny.items())
    return (
        f"  - scenario: {scenario}\n    product: {product}\n    value_in_use_price_cny: {number(value.price_cny)}\n"
        f"    other_cost_cny: {number(other_cost_of(value))}\n    by_workload_cny:\n{parts}"
    )

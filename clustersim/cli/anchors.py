"""``clustersim anchors``: record what the simulator gives at the shipped profiles, to which the forecast is tied."""

from __future__ import annotations

import click

from clustersim.cli.options import emit_rows, format_option, write_beside
from clustersim.errors import CheckFailed

#: The scenario that stands for each product line.
SCENARIOS = {"BR106": "nanjing-1024", "BR166": "br166-1024", "BR200": "br20x-4096"}
#: The scenario that values a product line's inference segment too.
MIXED = {"BR166": "br166-mixed"}
#: A fresh value further than this from the recorded one is another value, not rounding.
TOLERANCE_CNY = 1e-3
_HEAD = """# Value-in-use prices of the product lines at the shipped profiles, made by `clustersim anchors --write`.
# A test compares them with a fresh run. The forecast moves by the difference to these values.
name: anchors
anchors:
"""


@click.command()
@click.option("--write", is_flag=True, help="Replace the recorded anchors by the fresh values.")
@format_option()
def command(write: bool, fmt: str) -> None:
    """Compare the recorded anchors of the product lines with a fresh run, or record them anew."""
    from clustersim.pipeline import other_cost_of, run_chain, value_of_card
    from clustersim.planner.segments import serving_rates
    from clustersim.schema.anchors import anchors_path, load_anchors
    from clustersim.schema.inputs import load_inputs

    rows, text, stale = [], _HEAD, []
    recorded = load_anchors().anchors
    for product, scenario in SCENARIOS.items():
        run = run_chain(load_inputs(scenario), replications=0)
        assert run.value is not None
        price, cost = run.value.price_cny, run.own.cny_per_mtoken
        other = other_cost_of(run.value)
        parts = {"value_in_use_price_cny": price, "other_cost_cny": other, "cny_per_mtoken": cost}
        old = recorded[product].value_in_use_price_cny.value if product in recorded else None
        rows.append({"product": product, "scenario": scenario, "recorded_cny": old, "fresh_cny": price})
        if product in MIXED:
            mixed = load_inputs(MIXED[product])
            value = value_of_card(mixed, run.own, run.incumbent, serving_rates(mixed))  # type: ignore[arg-type]
            assert value.inference is not None
            parts["inference_value_in_use_price_cny"] = value.inference.price_cny
        if old is None or abs(old - price) > TOLERANCE_CNY:
            stale.append(product)
        text += f"  {product}:\n    scenario: {scenario}\n"
        for key, number in parts.items():
            text += f"    {key}: {{value: {number!r}, source: clustersim run {scenario}, tier: derived}}\n"
    if write:
        with write_beside(anchors_path()) as temporary:
            temporary.write_text(text, encoding="utf-8")
    emit_rows(rows, fmt)
    if stale and not write:
        raise CheckFailed(f"the anchors of {', '.join(stale)} are stale; run `clustersim anchors --write`")

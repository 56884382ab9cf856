"""What a row or a cell of the workbook is called for people: the words of its key.

A key is ``kind:part@line``: a kind of quantity, what it is of (a product, a workload, a peer), and the product line
whose site it belongs to. Every key has words in both languages; a test holds that none is left without.
"""

from __future__ import annotations

from clustersim.report.labels import known, label

__all__ = ["has_words", "said"]

#: Kinds whose part is a name of the user's, which stays as it is.
_OF_NAME = {
    "in.units": "units_of", "in.asp": "price_of", "in.unit_cost": "unit_cost_of", "in.limit": "limit_of",
    "in.deliverable": "deliverable_of", "planned": "planned_of", "units": "sold_of", "asp": "net_price_of",
    "revenue": "revenue_of", "sold": "sold_since_of", "plan": "plan_since_of", "unit_cost": "unit_cost_of",
    "warranty": "warranty_of", "cost": "cost_of_sales_of", "past_units": "past_units_of", "peer": "itself",
    "check.limit": "check.limit", "flag.limit": "check.limit", "state.limit": "check.limit",
    "printed.peer": "itself", "link.asp_plan": "link.asp_plan", "link.floor": "link.floor",
    "link.before": "link.before", "link.price": "link.price", "link.asp": "link.asp", "link.cost": "link.cost",
    "link.share": "link.share", "link.weight": "link.weight", "link.free": "link.free", "link.units": "link.units",
    "anchor_allowed": "anchor_allowed", "anchor_other": "anchor_other", "replaced": "replaced",
    "other": "other_costs", "allowed": "allowed", "market_allowed": "market_allowed",
    "leader_anchor": "leader_anchor", "gain": "gain", "worth_ratio": "worth_ratio", "card_price": "card_price_of",
    "yield": "yield_of", "filed_yield": "filed_yield_of", "unit_price": "unit_cost_work",
    "shipped_yield": "shipped_yield_of", "used_unit_price": "used_unit_cost", "work_share": "work_share_of",
    "units_a_year": "units_a_year_of", "rows.below": "rows_below_of", "rows.above": "rows_above_of",
    "place.capacity": "place_capacity_of", "way.capacity": "way_capacity_of",
    "power_response": "power_response_of", "power_weight": "power_weight_of", "response": "response_of",
    "error_median": "error_median_of",
    "error_p90": "error_p90_of", "error_most": "error_most_of", "error_near": "error_near_of",
    "case": "itself", "value_of": "value_of_line",
    "event_cost": "event_cost_of", "event_power": "event_power_of", "event_price_part": "event_price_part_of",
    "event_shipped": "event_shipped_of", "event_shipped_power": "event_shipped_power_of",
}  # fmt: skip
#: Kinds whose part is an item with words of its own.
_OF_ITEM = {
    "end.": "ours_at_year_end", "then.": "plan_at_year_end", "base.": "printed_average_days", "fixed.": "of_the_plan",
    "other.": "left_open", "bn.": "cny_bn_of", "low.move:": "low_of", "high.move:": "high_of", "low.": "low_of",
    "high.": "high_of", "printed.drivers.": "as_printed_item", "printed.capm.": "as_printed_item",
    "as_printed.": "as_printed_item",
}  # fmt: skip
#: Tables and statements: their items are called by their own names.
_PLAIN = (
    "printed.income:", "printed.balance:", "printed.cash_flow:", "printed.row:", "wc.", "flat.", "bs.", "cf.", "audit.",
    "dcf.", "cover.", "own_", "incumbent_", "in.", "shown.",
)  # fmt: skip
_LOSSES = {"tax": "profit_before_income_tax", "plan_tax": "plan_profit", "plan_income_tax": "plan_before_tax",
           "free_tax": "operating_profit"}  # fmt: skip


def said(key: str, language: str) -> str:
    """Return what a key is called; a key without words is returned as it is.

    >>> said("in.units:BR166", "en"), said("printed.income:revenue", "zh"), said("end.inventories", "en")
    ('Units planned, BR166', '收入', 'Inventories: ours at year end')
    """
    if key.startswith("grid."):
        return _of_grid(key, language)
    word, part = _words(key)
    if word is None:
        return key
    if part is None:
        return label(word, language)
    name, is_item = part
    if is_item:
        name = said(name, language)
    elif name == "it_power_w":
        name = label("of_power", language)
    return label(word, language, part=name)


def has_words(key: str) -> bool:
    """Return whether a key, and the item that it names, have words in both languages."""
    word, part = _words(key)
    return key.startswith("grid.") or (
        word is not None and (part is None or not part[1] or has_words(part[0]))
    )


def _of_grid(key: str, language: str) -> str:
    """A target price of the table of prices and volumes."""
    price, volume = (f"{(int(step) - 2) * 5:+d} %" for step in key.split(".")[1:])
    return label("grid_cell", language, price=price, volume=volume)


def _words(key: str) -> tuple[str | None, tuple[str, bool] | None]:
    """The words of a key, and its part: a name, or a key of its own."""
    key = key.partition("@")[0]
    if known(key):
        return key, None
    kind, colon, rest = key.partition(":")
    for side in ("own_", "incumbent_"):
        kind = kind.removeprefix(side)
    if colon and kind in _OF_NAME:
        return _OF_NAME[kind], (rest, False)
    if key.startswith("state."):
        return _words(f"check.{key.removeprefix('state.')}")
    if key.startswith("flag."):
        return "holds_of", (f"check.{key.removeprefix('flag.')}", True)
    if kind.startswith("ref."):
        return "as_printed_item", (f"in.{key.removeprefix('ref.')}", True)
    prefix, _, pool = key.rpartition(".")
    if prefix in _LOSSES and pool in {"opening", "used", "closing"}:
        return f"losses_{pool}", (_LOSSES[prefix], True)
    for side in ("own_", "incumbent_"):
        if known(word := f"site.{key.removeprefix(side)}") and key.startswith(side):
            return word, None
    for start, word in _OF_ITEM.items():
        if key.startswith(start):
            named = f"{start.removeprefix('printed.')}{key.removeprefix(start)}"
            item = named if known(named) else key.removeprefix(start)
            return (word, (item, True)) if has_words(item) else (None, None)
    for start in _PLAIN:
        if key.startswith(start) and has_words(key.removeprefix(start)):
            return _words(key.removeprefix(start))
    if key.startswith("printed.") and has_words(key.removeprefix("printed.")):
        return "as_printed_item", (key.removeprefix("printed."), True)
    return None, None

"""Why an input that was changed leaves the target price where it is: no change passes without a word."""

from __future__ import annotations

from typing import Any

import numpy as np

from clustersim.finance.messages import messages
from clustersim.finance.statements import make_statements
from clustersim.pipeline.chain import ChainRun

__all__ = ["unmoved"]

_AT_ANCHOR = (
    "every card is worth what its anchor records: there is no change of worth that it could answer (change a card, the"
    " incumbent or another term of the market as well)"
)
_OWN_COMMAND = "it is shown by a command of its own (clustersim forecast {})"
#: Beginning of a key -> why it does not reach the target price.
_WHY: dict[str, str] = {
    "company.price": "the market price enters the upside and the rating, and dilution, not the target",
    "company.listing_proceeds": "the cash flow leaves the proceeds out; forecast show --proceeds counts them",
    "company.first_half_share": _OWN_COMMAND.format("halves, actuals"),
    "company.cases": _OWN_COMMAND.format("cases"),
    "company.probabilities": _OWN_COMMAND.format("cases"),
    "company.actuals": _OWN_COMMAND.format("actuals"),
    "company.sotp": _OWN_COMMAND.format("sotp"),
    "company.journal": _OWN_COMMAND.format("departures"),
    "company.history": "past figures enter by the opening balance alone",
    "company.printed": "it is shown beside the recomputed target, or moves plan and departures alike",
    "company.drivers.interest_rate": "finance_mode is given, not cash; and the free cash flow is before financing",
    "company.drivers.conversion": "redeemable shares turn into equity without cash",
    "company.options_m": "the options are out of the money at the market price",
    "company.option_price": "there are no options, or they are out of the money at the market price",
    "company.as_of": "no link moves a line, and the year that is over bounds only what moves",
    "company.title": "it is a name",
    "company.source": "it is a name",
}
_TOGETHER = {
    "reliability.extras.straggler": "straggler_rate, straggler_time and a straggler_slowdown above 1 act together",
    "reliability.extras.hang_timeout": "no failure hangs (reliability.extras.hang_share)",
    "reliability.extras.infant_decay": "no failures are early ones (reliability.extras.infant_factor)",
    "reliability.extras.lemon": "lemon_share and lemon_factor act together",
    "reliability.extras.burst": "burst_share and burst_gap act together",
}
_ANSWERS = (
    "company.response", "company.market_size", "market.value_share", "market.price_sensitivity",
    "market.outside_option", "company.as_of",
)  # fmt: skip


def unmoved(run: ChainRun, key: str) -> str:
    """Return, for one overridden key that did not move the target price, that it has no effect and why."""
    assert run.company is not None and run.forecast is not None
    for text in messages(run.company, run.forecast, run.links):
        of = text.partition(" has no effect")[0].partition("=")[0]
        if key == of or key.startswith(f"{of}."):
            return text
    return f"{key} has no effect on the target price because {_why(run, key)}"


def _why(run: ChainRun, key: str) -> str:
    answers = key.startswith(_ANSWERS) or key.endswith(("worth_ratio", "follows.product"))
    if answers:
        return (
            _AT_ANCHOR
            if _still(run)
            else "no bound or rule that it states is at work at this change of worth"
        )
    if key.startswith("company.refinancing"):
        return _refinancing(run)
    if key.startswith("company.supply"):
        return (
            "no year asks for more than it allows, or a limit lacks a part (wafers need good_dies_per_wafer)"
        )
    found = next((why for start, why in _WHY.items() if key.startswith(start)), None)
    return found or _of_the_site(run, key)


def _still(run: ChainRun) -> bool:
    return all(np.all(np.asarray(link.value_change_cny) == 0) for link in run.links)


def _refinancing(run: ChainRun) -> str:
    assert run.company is not None and run.forecast is not None
    lacking = make_statements(run.company, run.forecast).shortfall_kcny
    if np.any(lacking > 0):
        return "the free cash flow is before financing: borrowing moves net profit and cash, not the target price"
    return "cash never falls below its minimum: nothing is raised"


def _of_the_site(run: ChainRun, key: str) -> str:
    product: Any = run.inputs.parts.card.product
    if key.endswith(".price") or ".price." in key:
        return (
            "what the card costs is not in its value in use, the price at which its buyer would stop: it moves the cost"
            " of the site, and the maker's price stands under company.products"
        )
    if run.value is None:
        return "the scenario has no market section: the card is not valued"
    if key.startswith(("reliability.", "checkpoint.")) and run.own.work("training") is None:
        return (
            "the site trains nothing: failures and checkpoints enter the long run of training alone, and serving is"
            " costed as if every replica were up"
        )
    if key.startswith(tuple(_TOGETHER)):
        return next(why for start, why in _TOGETHER.items() if key.startswith(start))
    if product is None or product not in {link.product for link in run.links if link.anchor is not None}:
        return f"the card's line ({product}) has no anchor in the forecast"
    return "neither the card's value in use nor the company's forecast depends on it here"

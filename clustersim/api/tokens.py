"""Tokens asked in Python: the cards that a month of them needs."""

from __future__ import annotations

from collections.abc import Mapping

from clustersim.report.answer import Answer

__all__ = ["plan_tokens"]


def plan_tokens(
    tokens: str = "openrouter-2026-05", *, years: int = 1, changes: Mapping[str, object] | None = None
) -> Answer:
    """Return the cards, megawatts and capex that monthly tokens by class of model need, year by year.

    ``tokens`` is a file or a shipped name (hwprofiles/tokens); ``changes`` reach the scenario of every class.
    """
    from clustersim.report.pages.tokens import tokens_answer

    return tokens_answer(tokens, changes or {}, years=years)

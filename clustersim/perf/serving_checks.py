"""What must agree across a serving plan, its model and its card, in one place for every command.

Each function returns all its problems as sentences that name the fields, so that a caller can report them at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from clustersim.columns import Unbatchable
from clustersim.errors import InputError
from clustersim.perf.card import Card
from clustersim.perf.mixers import Attention, Linear, NoMixer
from clustersim.perf.model import Model
from clustersim.perf.serving_engine import Layout, Precision

__all__ = ["check_serving", "layout_problems", "length_words", "nearest_divisors", "precision_problems"]


def nearest_divisors(number: int, wanted: int) -> tuple[int, ...]:
    """Return the divisors of a number next to ``wanted``: the largest below and the smallest above.

    >>> nearest_divisors(64, 6), nearest_divisors(64, 100), nearest_divisors(64, 8)
    ((4, 8), (64,), (8,))
    """
    divisors = [d for d in range(1, number + 1) if number % d == 0]
    if wanted in divisors:
        return (wanted,)
    below, above = [d for d in divisors if d < wanted], [d for d in divisors if d > wanted]
    return (*below[-1:], *above[:1])


def _indivisible(what: str, number: int, degree: str, wanted: int) -> str:
    nearest = " and ".join(str(d) for d in nearest_divisors(number, wanted))
    return f"{what}={number} cannot be split by {degree}={wanted}; the nearest that divide are {nearest}"


def layout_problems(model: Model, layout: Layout) -> tuple[str, ...]:
    """Return where a layout does not divide its model: heads and kv heads, experts and their width, layers.

    Every card holds as many heads as another; kv heads are copied where there are fewer than cards, which must then be
    a multiple of them. Layers may be uneven: the fullest stage binds.

    >>> m = Model(name="m", layers=61, hidden=64, heads=32, kv_heads=8, head_dim=8, ffn_hidden=64, gated=True, vocab=9)
    >>> layout_problems(m, Layout(tp=6))
    ('heads=32 cannot be split by tp=6; the nearest that divide are 4 and 8',)
    >>> layout_problems(m, Layout(tp=16, pp=2))
    ()
    """
    return tuple(dict.fromkeys([*_head_problems(model, layout.tp), *_expert_problems(model, layout)]))


def _head_problems(model: Model, tp: int) -> Iterator[str]:
    for group in model.groups:
        mixer = group.mixer
        if isinstance(mixer, NoMixer):
            continue
        heads = mixer.value_heads if isinstance(mixer, Linear) else mixer.heads
        if heads % tp:
            yield _indivisible(
                "heads" if heads == model.heads else f"heads of {mixer.kind} layers", heads, "tp", tp
            )
        elif isinstance(mixer, Linear) and mixer.key_heads % tp and tp % mixer.key_heads:
            yield _indivisible("key heads of linear layers", mixer.key_heads, "tp", tp)
        elif isinstance(mixer, Attention) and mixer.kv_heads % tp and tp % mixer.kv_heads:
            yield (
                f"kv_heads={mixer.kv_heads} can neither be split over nor copied to tp={tp} cards alike; take a tp that"
                f" divides {mixer.kv_heads} or is a multiple of it"
            )


def _expert_problems(model: Model, layout: Layout) -> Iterator[str]:
    if layout.pp > model.layers:
        yield f"pp={layout.pp} is more than layers={model.layers}"
    if not model.experts:
        if layout.ep > 1:
            yield f"ep={layout.ep} needs experts, and {model.name} has none; set ep=1"
        return
    if model.experts % layout.ep:
        yield _indivisible("experts", model.experts, "ep", layout.ep)
    cut = layout.tp * layout.dp // layout.ep
    if model.expert_ffn_hidden % cut:
        yield _indivisible("expert_ffn_hidden", model.expert_ffn_hidden, "tp x dp / ep", cut)


def length_words(model: Model, tokens: Any, what: str = "prompt and answer") -> str:
    """Say that sequences are longer than the model was published for; nothing where they are not or it does not say.

    No refusal: published runs stretch positions (RoPE scaling) beyond the length of the file.

    >>> m = Model(name="m", layers=2, hidden=64, heads=8, kv_heads=8, head_dim=8, ffn_hidden=64, gated=True, vocab=9,
    ...     max_seq_len=4096)
    >>> length_words(m, 5000)
    'prompt and answer of 5000 tokens are longer than max_seq_len=4096 of m: positions must be stretched to them'
    """
    beyond = (np.asarray(model.max_seq_len) > 0) & (np.asarray(tokens) > model.max_seq_len)
    if not beyond.any():
        return ""
    if beyond.ndim:
        raise Unbatchable(
            "points with sequences longer than their model was published for are told one by one"
        )
    return (
        f"{what} of {tokens:.0f} tokens are longer than max_seq_len={model.max_seq_len} of {model.name}: positions must"
        " be stretched to them"
    )


def precision_problems(precision: Precision, card: Card) -> tuple[str, ...]:
    """Return the data types that a card has no rate for, with those it has."""
    wanted = {"linear": precision.linear, "attention": precision.attention}
    has = ", ".join(sorted(card.peak)) or "none"
    return tuple(
        f"{key}={dtype}: {card.name} has no such peak (it has: {has})"
        for key, dtype in wanted.items()
        if dtype not in card.peak
    )


def check_serving(model: Model, layout: Layout, precision: Precision, card: Card) -> None:
    """Raise InputError with every disagreement of model, layout, formats and card at once."""
    problems = [*layout_problems(model, layout), *precision_problems(precision, card)]
    if problems:
        raise InputError(f"{model.name} cannot be served so: {'; '.join(problems)}")

"""Workers of disaggregated runs whose rows do not state them: from the campaign's own configuration.

A configuration names, for a model, card, format and lengths, the numbers of users and the workers that each was run
with. A row that gives cards a worker and users but not how many workers is looked up there. Where several runs of the
configuration answer to the row's label they are told apart by what the file itself says: a run that drafts takes less
time per token than the one beside it that does not. What cannot be told apart is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache

from clustersim.validation.serving_rows import Campaign, number
from clustersim.validation.sources import shipped_rows

__all__ = ["with_workers"]

Row = dict[str, str]
#: Column of the table -> column of a row.
_COLUMNS = {
    "prefill_workers": "prefill_num_workers", "prefill_attention_dp": "prefill_attention_dp_size",
    "prefill_ep": "prefill_moe_ep_size", "decode_workers": "decode_num_workers",
    "decode_attention_dp": "decode_attention_dp_size", "decode_ep": "decode_moe_ep_size",
    "draft_tokens": "draft_tokens", "decode_max_sequences": "decode_max_sequences",
}  # fmt: skip
_KEYS = ("campaign", "software", "model", "card", "format", "isl", "osl")


@lru_cache(maxsize=512)
def _runs(asked: Campaign) -> tuple[Row, ...]:
    """Runs of a campaign's configuration with these users."""
    users = f"{asked.users:g}"
    return tuple(
        dict(line)
        for line in shipped_rows("serving_workers.csv")
        if users in line["users"].split() and all(line[key] == str(getattr(asked, key)) for key in _KEYS)
    )


def _cards(row: Mapping[str, str], kind: str) -> float:
    """Cards of a worker: tables give its size as one degree or as two whose product it is."""
    tp, dp = (number(row.get(f"{kind}_{key}"), 1.0) for key in ("tp_size", "attention_dp_size"))
    return tp if tp == dp else tp * dp


def _fitting(row: Mapping[str, str], asked: Campaign) -> list[Row]:
    return [
        line
        for line in _runs(asked)
        if all(number(line[f"{kind}_cards"]) == _cards(row, kind) for kind in ("prefill", "decode"))
    ]


def _filled(row: Row, line: Row) -> Row:
    """The row with the workers, degrees and settings of a run."""
    given = {column: line[key] for key, column in _COLUMNS.items()}
    given["decode_max_sequences"] = _largest(row, line)
    for kind in ("prefill", "decode"):
        ranks = int(line[f"{kind}_attention_dp"])
        given[f"{kind}_tp_size"] = str(int(line[f"{kind}_cards"]) // ranks)
    own = {key: row[key] for key in ("draft_tokens", "decode_max_sequences") if (row.get(key) or "").strip()}
    return {**row, **given, **own}


#: Sequences that decode at once over what a configuration's workers hold, from which it is not the row's.
_TOO_MANY = 1.2


def _largest(row: Mapping[str, str], line: Mapping[str, str]) -> str:
    """The largest batch of a run; empty where the row's own times say that far more sequences decode at once."""
    decoding = number(row["tpot_ms"]) * number(row["osl"])
    held = number(line["decode_max_sequences"]) * number(line["decode_workers"])
    most = _TOO_MANY * held * (decoding + number(row["ttft_ms"]))
    return "" if number(row["concurrency"]) * decoding > most else line["decode_max_sequences"]


def _measured(row: Mapping[str, str]) -> tuple[str, str]:
    return (f"{number(row['ttft_ms']):.2f}", f"{number(row['tpot_ms']):.3f}")


def _lacks(row: Mapping[str, str]) -> bool:
    split = str(row.get("mode", "agg")).strip() == "disagg"
    return split and not all(number(row.get(f"{kind}_num_workers")) >= 1 for kind in ("prefill", "decode"))


def with_workers(rows: Sequence[Row], campaigns: Sequence[Campaign | None]) -> list[Row]:
    """Return the rows, those of disaggregated runs with the workers of their campaign's configuration.

    A measurement that stands with its workers in another row takes them from there. ``workers_said`` says why a row
    could not be filled. ``campaigns`` holds one per row, None where the row names nothing known.
    """
    pairs = list(zip(rows, campaigns, strict=True))
    stated = {_key(row, asked): row for row, asked in pairs if asked is not None and not _lacks(row)}
    labels: dict[tuple[Campaign, float, float], list[Row]] = defaultdict(list)
    under: dict[tuple[Campaign, float, float], set[tuple[str, str]]] = defaultdict(set)
    out = [dict(row) for row in rows]
    for row, asked in zip(out, campaigns, strict=True):
        if asked is None:
            continue
        if not _lacks(row):
            if row.get("mode") == "disagg":
                row |= _agreed(row, asked)
            continue
        label = (asked, _cards(row, "prefill"), _cards(row, "decode"))
        under[label].add(_measured(row))
        twin = stated.get(_key(row, asked))
        if twin is not None:
            row |= {key: value for key, value in twin.items() if key.startswith(("prefill_", "decode_"))}
            row |= _agreed(row, asked)
        else:
            labels[label].append(row)
    for label, alike in labels.items():
        _tell_apart(alike, _fitting(alike[0], label[0]), under[label])
    return out


def _agreed(row: Mapping[str, str], asked: Campaign) -> Row:
    """The largest batch that all runs of the configuration with a row's own workers agree on, if the row states none.

    Not what they draft: a row with its workers may be of an earlier configuration, and says so by its own columns.
    """
    runs = [
        line
        for line in _fitting(row, asked)
        if all(
            number(line[f"{kind}_workers"]) == number(row.get(f"{kind}_num_workers"))
            for kind in ("prefill", "decode")
        )
    ]
    said = {_largest(row, line) for line in runs}
    if len(said) != 1 or (row.get("decode_max_sequences") or "").strip():
        return {}
    return {"decode_max_sequences": said.pop()}


def _key(row: Mapping[str, str], asked: Campaign) -> tuple[object, ...]:
    return (asked, *_measured(row))


def _tell_apart(rows: list[Row], runs: list[Row], under: set[tuple[str, str]]) -> None:
    """Fill the rows under one label, or say why not; ``under`` it stand measurements of other rows too."""
    measured = sorted(under, key=lambda pair: float(pair[1]))
    ordered = sorted(runs, key=lambda run: -int(run["draft_tokens"]))
    if len(runs) == 1:
        chosen = dict.fromkeys(measured, runs[0])
    elif len(runs) == 2 and ordered[0]["draft_tokens"] != ordered[1]["draft_tokens"] and len(measured) == 2:
        chosen = dict(zip(measured, ordered, strict=True))
    else:
        chosen = {}
    for row in rows:
        run = chosen.get(_measured(row))
        row |= _filled(row, run) if run else {"workers_said": _said(len(runs))}


def _said(runs: int) -> str:
    if not runs:
        return (
            "disaggregated row: its workers are not stated, and its campaign's configuration has no such run"
        )
    return (
        f"disaggregated row: its workers are not stated, and {runs} runs of its campaign's configuration stand under"
        " its label"
    )

"""The long questions that a job may ask: what each takes besides a design, and how it is answered."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clustersim.errors import InputError
from clustersim.report.answer import Answer
from clustersim.report.language import SPOKEN, speaking
from clustersim.report.spoken import spoken, spoken_cell, spoken_heading
from clustersim.schema.quantity import hearing
from clustersim.web.answers import without_place
from clustersim.web.asked import MOST_DESIGNS, Design, design_of, quantity_of, scenarios
from clustersim.web.panels import panel
from clustersim.web.uploads import uploaded
from clustersim.web.views import frontier_panel
from clustersim.web.views_compare import flips_view
from clustersim.web.views_limits import LIMITS, limits_view

__all__ = ["KINDS", "UPLOADS", "Ask", "File", "Kind", "ask_of"]

Tell = Callable[[float], None]
#: Share of a proposal's time in which it is computed; the rest is drawn and written.
_ASKED = 0.35


@dataclass(frozen=True, slots=True)
class Ask:
    """One question: its kind, the design, what else was chosen, and the bytes of a file that came with it."""

    kind: str
    design: Design
    options: Mapping[str, Any] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class File:
    """A file to be downloaded as the answer of a question."""

    name: str
    content: bytes = field(repr=False)
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of question is answered, and by which function its options are checked, all of them by name."""

    answer: Callable[[Ask, Tell], Answer | File | list[dict[str, Any]]]
    options: Mapping[str, Callable[[str, object], Any]] = field(default_factory=dict)
    upload: bool = False


def ask_of(kind: object, design: Design, options: Mapping[str, Any], content: bytes = b"") -> Ask:
    """Return a question whose options are checked; raises InputError for a kind or an option that there is not.

    >>> ask_of("limits", Design("br166-1024"), {"limit": "power", "amount": "1 MW"}).options["pins"]
    ()
    """
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"kind {str(kind)[:40]!r} is none of {', '.join(KINDS)}")
    known = KINDS[kind]
    if known.upload != bool(content):
        raise InputError(f"{kind}: {'needs a file' if known.upload else 'takes no file'}")
    problems = [f"unknown field {str(key)[:40]!r}" for key in options if key not in known.options]
    found = {}
    for name, check in known.options.items():
        try:
            found[name] = check(name, options.get(name))
        except InputError as error:
            problems.append(str(error))
    if problems:
        raise InputError("\n".join(problems))
    return Ask(kind, design, found, content)


def _forms() -> Sequence[str]:
    """The forms of a proposal, looked up only where one is asked for: they stand beside what writes them."""
    from clustersim.report.pages.proposal import FORMS

    return FORMS


def _chosen(
    known: Callable[[], Sequence[str]], *, least: int = 0
) -> Callable[[str, object], tuple[str, ...]]:
    def check(name: str, value: object) -> tuple[str, ...]:
        allowed = known()
        given = [] if value is None else value
        if (
            not isinstance(given, list)
            or len(given) < least
            or len(given) > len(allowed)
            or any(one not in allowed for one in given if isinstance(one, str))
            or not all(isinstance(one, str) for one in given)
        ):
            raise InputError(f"{name}: a list of {least} or more of {', '.join(allowed)}")
        return tuple(dict.fromkeys(given))

    return check


def _others(name: str, value: object) -> tuple[str, ...]:
    names = scenarios()
    if not isinstance(value, list) or not 1 <= len(value) < MOST_DESIGNS:
        raise InputError(f"{name}: a list of 1 to {MOST_DESIGNS - 1} scenarios")
    for one in value:
        if not isinstance(one, str) or one not in names:
            raise InputError(f"{name}: {str(one)[:80]!r} is none of the shipped scenarios")
    return tuple(dict.fromkeys(value))


def _pins(name: str, value: object) -> tuple[Design, ...]:
    given = [] if value is None else value
    if not isinstance(given, list) or len(given) > MOST_DESIGNS:
        raise InputError(f"{name}: a list of at most {MOST_DESIGNS} designs")
    return tuple(design_of(one, f"{name}[{i}]") for i, one in enumerate(given))


def _one(allowed: Sequence[str]) -> Callable[[str, object], str]:
    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise InputError(f"{name}: one of {', '.join(allowed)}, not {str(value)[:40]!r}")
        return value

    return check


def _serve(ask: Ask, tell: Tell) -> Answer:
    return ask.design.ask().serve()


def _trace(ask: Ask, tell: Tell) -> Answer:
    return _with_file(ask.content, lambda path: ask.design.ask().serve(trace=path))


def _train(ask: Ask, tell: Tell) -> Answer:
    return ask.design.ask().train(fidelity="des")


def _plans(ask: Ask, tell: Tell) -> Answer:
    return ask.design.ask().plan_training(tell=lambda done, of: tell(done / max(of, 1)))


def _frontier(ask: Ask, tell: Tell) -> list[dict[str, Any]]:
    return [frontier_panel(ask.design, ask.design.ask().plan_serving(frontier=True).table)]


def _flips(ask: Ask, tell: Tell) -> list[dict[str, Any]]:
    return flips_view(ask.design)


def _reliability(ask: Ask, tell: Tell) -> Answer:
    return ask.design.ask().plan_reliability()


def _band(ask: Ask, tell: Tell) -> Answer:
    return ask.design.ask().run(draws=4096)


def _limits(ask: Ask, tell: Tell) -> list[dict[str, Any]]:
    chosen = ask.options
    return limits_view(ask.design, chosen["pins"], chosen["limit"], chosen["amount"], tell)


def _proposal(ask: Ask, tell: Tell) -> File:
    others = [name for name in ask.options["others"] if name != ask.design.scenario]
    if not others:
        raise InputError("others: a proposal is held against another scenario than its own")
    answer = ask.design.ask().proposal(
        *others, languages=ask.options["languages"] or SPOKEN[:1], forms=ask.options["forms"],
        tell=lambda done, of: tell(_ASKED * done / of),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        answer.write(
            Path(folder) / "proposal", tell=lambda done, of: tell(_ASKED + (1.0 - _ASKED) * done / of)
        )
        content = _zipped(Path(folder) / "proposal")
    return File(f"proposal-{ask.design.scenario}.zip", content, tuple(answer.said))


def _calibrate(ask: Ask, tell: Tell) -> Answer:
    from clustersim.api.files import calibrate

    card = ask.design.ask().load(incumbent=False).parts.card.name
    return _with_file(
        ask.content, lambda path: calibrate(card, [path], tell=lambda done, of: tell(done / max(of, 1)))
    )


def _zipped(folder: Path) -> bytes:
    """A folder as one archive: the same files, the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return out.getvalue()


def _with_file(content: bytes, ask: Callable[[Path], Answer]) -> Answer:
    """Ask about an upload under a name of ours, which no message tells."""
    with uploaded(content) as path:
        answer = ask(path)
        told = answer.blocks  # the page of an answer may be made late, and would look for the file
    clean = [b.replace(str(path), "the upload") if isinstance(b, str) else b for b in told]
    return Answer(
        name=answer.name, data=answer.data, said=answer.said, unread=answer.unread, page=lambda: clean
    )


KINDS: Mapping[str, Kind] = {
    "serve": Kind(_serve), "month": Kind(_train), "plans": Kind(_plans), "frontier": Kind(_frontier),
    "flips": Kind(_flips), "reliability": Kind(_reliability), "band": Kind(_band),
    "limits": Kind(
        _limits, {"limit": _one(tuple(LIMITS)), "amount": quantity_of, "pins": _pins}
    ),
    "proposal": Kind(
        _proposal, {"others": _others, "languages": _chosen(lambda: SPOKEN), "forms": _chosen(_forms)}
    ),
    "trace": Kind(_trace, upload=True), "calibrate": Kind(_calibrate, upload=True),
}  # fmt: skip
_BY_KEY = {"value", "unit"}
#: Kinds that come with a file.
UPLOADS = tuple(name for name, kind in KINDS.items() if kind.upload)


def told(ask: Ask, tell: Tell) -> tuple[dict[str, Any], File | None]:
    """Return the answer of a question as plain data, and its file where it is one."""
    with hearing() as heard:
        answer = KINDS[ask.kind].answer(ask, tell)
    remarks = [without_place(text) for text in heard]
    if isinstance(answer, File):
        row = {"file": answer.name, "bytes": len(answer.content)}
        said = {
            "name": ask.kind,
            "blocks": [],
            "said": [*answer.said, *remarks],
            "panels": [panel("proposal.file", [row])],
        }
        return {**said, "file": answer.name}, answer
    if isinstance(answer, list):
        return {"name": ask.kind, "blocks": [], "said": remarks, "panels": answer,
                "in_chinese": in_chinese([], remarks)}, None  # fmt: skip
    blocks = [b if isinstance(b, str) else [dict(r) for r in b] for b in answer.blocks]
    remarks = [*answer.said, *answer.unread, *remarks]
    return {"name": answer.name, "blocks": blocks, "said": remarks, "panels": [],
            "in_chinese": in_chinese(blocks, remarks)}, None  # fmt: skip


def in_chinese(blocks: Sequence[str | Sequence[Mapping[str, Any]]], said: Sequence[str]) -> dict[str, Any]:
    """Return lines, tables and what is said as ``--lang zh`` prints them: names and keys stay."""
    with speaking("zh"):
        return {
            "blocks": [spoken(b) if isinstance(b, str) else [_spoken_row(r) for r in b] for b in blocks],
            "said": [spoken(text) for text in said],
        }


def _spoken_row(row: Mapping[str, Any]) -> dict[str, Any]:
    # A row's number is shown in the unit beside it: the page finds both by their keys, and has words for them.
    return {
        k if k in _BY_KEY else spoken_heading(k): spoken_cell(k, v) if isinstance(v, str) else v
        for k, v in row.items()
    }

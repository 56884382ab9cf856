"""Every note that the engine can make has a pattern in both languages, told from the engine's own source."""

import ast
import re
from pathlib import Path

import pytest

import clustersim
from clustersim.report.labels.notes import NOTES, keyed, translated

ROOT = Path(clustersim.__file__).parent
#: Functions whose words of three and more become notes; all of a module where none is named.
MAKERS = {
    "workloads/training.py": {"fit_words", "port_words", "work_of"},
    "workloads/serving.py": {"work_of"}, "workloads/jobs.py": {"work_of"}, "workloads/vision.py": {"work_of"},
    "workloads/video.py": {"work_of"}, "workloads/mixture.py": {"trained_on_groups"},
    "perf/serving_checks.py": {"length_words"}, "perf/shortlist.py": {"words", "kind_of"},
    "assemble/jobs.py": {"_trace_notes", "_not_read"},
    "schema/find_software.py": {"_of_family"}, "des/serving/fluid_verdict.py": {"_TESTS", "slo_verdict", "verdict_of"},
    "market/link.py": {"_notes"}, "market/lines.py": {"market_links"}, "report/result.py": {"_notes"},
    "finance/messages.py": {
        "", "_finance", "_scalars", "_margin", "_untaxed", "_capital", "_sales", "_losing", "_worthless", "messages",
    },
    "finance/capital.py": {"capital_warnings"},
    "des/training/expected.py": {"expected_goodput"},
    "assemble/company.py": {"company_of", "_dcf_weight", "_from_file", "_from_last", "_row"},
    "des/training/log.py": {"within", "_oddities"}, "des/training/log_lines.py": {"kernel_table", "without_comments"},
    "des/training/log_clock.py": {"__init__"},
}  # fmt: skip
#: What stands in a note's place without being one: keys, and text that is looked for.
NOT_SAID = ("gross margin is", "wacc (and all but revenue of the peers' year)", "asp_scale and units_scale",
            "failures that reach several servers (each takes one)", "has no year", "has no time",
            "some lines have dates")  # fmt: skip


def words_of(node: ast.AST) -> str | None:
    """A text as its pattern, with 7 in the places of an f-string."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "7" for v in node.values)
    return None


def texts(tree: ast.AST, name: str = "") -> list[tuple[str, str]]:
    """Every text of a module with the function that holds it; docstrings and errors that are raised are none."""
    out = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            out += texts(node, node.name)
        elif isinstance(node, ast.Raise) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            continue
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            said = words_of(node)
            out += [(name, said)] if said else []
            for part in node.values if isinstance(node, ast.JoinedStr) else ():
                out += texts(part, name) if isinstance(part, ast.FormattedValue) else []
        else:
            out += texts(node, name)
    return out


@pytest.mark.parametrize("module", MAKERS)
def test_every_note_of_the_source_has_a_pattern(module: str) -> None:
    found = [
        said
        for function, said in texts(ast.parse((ROOT / module).read_text(encoding="utf-8")))
        if function in MAKERS[module] and len(said.split()) >= 4
        and not said.startswith(NOT_SAID)
    ]  # fmt: skip
    # A text that goes on by another ends in a space.
    lost = [said for said in found if isinstance(keyed(f"{said}7" if said.endswith(" ") else said), str)]
    assert lost == []


def test_patterns_keep_their_places_in_both_languages() -> None:
    for english, chinese in NOTES.items():
        assert set(re.findall(r"\{(\w+)\}", english)) == set(re.findall(r"\{(\w+)\}", chinese)), english
        assert re.search("[一-鿿]", chinese) or english == "{work}: {note}", english


def test_a_note_keeps_its_numbers_and_names() -> None:
    note = "pretrain: tie: sharded optimizer leads sharded weights by 3.6%, which is inside the known error of both"
    said = translated(note, "zh")
    assert said == "pretrain:难分高下:优化器切分领先权重切分 3.6%,在两者已知误差之内"
    assert (
        translated(note, "en") == note
        and translated("words that nobody knows", "zh") == "words that nobody knows"
    )


@pytest.mark.full
def test_no_note_of_a_shipped_scenario_stays_english() -> None:
    from clustersim.web.answers import result_of
    from clustersim.web.asked import Design, scenarios

    for name in scenarios():
        data = result_of(Design(name)).to_dict()
        for note in [*data["notes"], *((data.get("valuation") or {}).get("notes", []))]:
            assert re.search("[一-鿿]", translated(note, "zh")), note


def test_a_driver_that_a_note_names_is_called_as_in_tables() -> None:
    said = translated("receivable days is that of 2025A in every year (90)", "zh")
    assert not re.search("[a-z]", said), said

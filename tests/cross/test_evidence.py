"""A bundle is recomputed from its own files alone, and one changed byte anywhere in it is found and named."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import clustersim as cs
from clustersim.errors import CheckFailed, InputError
from clustersim.report.evidence.manifest import MANIFEST, SUMS, sums_text
from clustersim.report.evidence.verify import _files

SCENARIO = """
name: mine
title: A company of its own file
currency: CNY
years: [2026E, 2027E]
products:
  card-one: {units: {2026E: 10000, 2027E: 20000}, asp: {2026E: 60, 2027E: 55}, unit_cost: 28}
drivers: {research_expense: 200000, selling_share: 5 %, administrative_share: 5 %, receivable_days: 90,
          inventory_days: 120, payable_days: 60}
opening: {year: 2025A, unit: MCNY, income: {revenue: 400, gross profit: 200},
          balance: {cash: 900, inventories: 100, trade receivables: 90, payables: 40}}
wacc: 12 %
shares_m: 100
price: 20
"""


def write(answer: cs.Answer, folder: Path) -> Path:
    answer.write(folder)
    return folder


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    at = tmp_path_factory.mktemp("evidence")
    (at / "mine.yaml").write_text(SCENARIO, encoding="utf-8")
    return write(cs.company(at / "mine.yaml").set({"company.wacc": "11 %"}).bundle(), at / "bundle")


def flipped(folder: Path, name: str, at: int = 7) -> None:
    """Change one byte of a file by one bit and leave its times as they are."""
    path = folder / name
    data, times = bytearray(path.read_bytes()), path.stat()
    data[at % len(data)] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_bundle_holds_and_says_what_it_rests_on(bundle: Path) -> None:
    found = cs.verify(bundle)
    assert found.failed is None and found.data["values"] > 200 and found.data["differences"] == []
    manifest = json.loads((bundle / MANIFEST).read_text())
    assert manifest["questions"] == [
        {"question": "forecast", "subject": "outside/mine.yaml", "sets": ["company.wacc=11 %"]}
    ]
    assert set(manifest["made_by"]) >= {"clustersim", "program_sha256", "python", "numpy", "scipy"}
    kept = json.loads((bundle / "outputs" / "forecast.json").read_text())
    now = cs.company("metax").show().data
    assert set(kept) == set(now)


def test_one_byte_of_any_file_is_found(bundle: Path, tmp_path: Path) -> None:
    names = [p.relative_to(bundle).as_posix() for p in bundle.rglob("*") if p.is_file()]
    assert len(names) == 4
    for name in names:
        copy = tmp_path / name.replace("/", "-")
        shutil.copytree(bundle, copy)
        flipped(copy, name)
        rows = list(_files(copy))
        assert rows and (name == SUMS or [row["where"] for row in rows] == [name]), (name, rows)


def test_a_changed_output_is_named_by_its_value_even_with_a_new_digest(bundle: Path, tmp_path: Path) -> None:
    """Whoever changes an output and its digest alike is found by the recomputation."""
    import hashlib

    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    output = copy / "outputs" / "forecast.json"
    data = json.loads(output.read_text())
    data["target_price"] *= 1.01
    was = hashlib.sha256(output.read_bytes()).hexdigest()
    output.write_text(json.dumps(data))
    sums = (copy / SUMS).read_text().replace(was, hashlib.sha256(output.read_bytes()).hexdigest())
    (copy / SUMS).write_text(sums)
    found = cs.verify(copy)
    assert [row["where"] for row in found.data["differences"]] == ["outputs/forecast.json: target_price"]
    assert isinstance(found.failed, CheckFailed) and found.failed.exit_code == 5


def rewritten(folder: Path, change: dict[str, object], outputs: dict[str, str] | None = None) -> Path:
    """A copy of a bundle by somebody who writes its manifest and its digests anew."""
    manifest = json.loads((folder / MANIFEST).read_text())
    for key, value in change.items():
        manifest[key] = value
    (folder / MANIFEST).write_text(json.dumps(manifest))
    for name, text in (outputs or {}).items():
        (folder / name).write_text(text)
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    (folder / SUMS).write_text(sums_text({n: d for n, d in files.items() if n != SUMS}))
    return folder


def question(subject: str, *sets: str) -> dict[str, object]:
    return {"questions": [{"question": "forecast", "subject": subject, "sets": list(sets)}]}


def test_nothing_outside_of_the_bundle_answers_for_it(bundle: Path, tmp_path: Path) -> None:
    """By ``..``, by a full path and by a link: the same file, outside, is no evidence."""
    (tmp_path / "mine.yaml").write_text(SCENARIO, encoding="utf-8")
    outside = "lies outside"
    for number, subject in enumerate(("../../mine.yaml", str(tmp_path / "mine.yaml"), "link.yaml")):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(bundle, copy)
        if subject == "link.yaml":
            (copy / "inputs" / subject).symlink_to(tmp_path / "mine.yaml")
        found = cs.verify(rewritten(copy, question(subject, "company.wacc=11 %")))
        assert found.data["values"] == 0 and any(outside in row["what"] for row in found.data["differences"])


def test_what_no_question_recomputes_is_no_evidence(bundle: Path, tmp_path: Path) -> None:
    """Whoever drops the question, adds an output or changes the seed, and writes every digest anew, is found."""
    for number, (change, outputs, said) in enumerate(
        (
            ({"questions": []}, None, "asks no question"),
            ({}, {"outputs/run.json": "{}"}, "is recomputed by no question"),
        )
    ):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(bundle, copy)
        found = cs.verify(rewritten(copy, change, outputs))
        assert found.failed is not None and any(said in row["what"] for row in found.data["differences"])


def test_a_module_in_a_bundle_is_never_run(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the path of modules holds the working folder, which is the bundle's while it is asked."""
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    (copy / "inputs" / "yaml.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    monkeypatch.setenv("PYTHONPATH", ".")
    monkeypatch.setenv("PYTHONIOENCODING", "latin1")
    found = cs.verify(copy)
    assert not (tmp_path / "ran").exists() and len(found.data["differences"]) == 1


def test_a_bundle_from_anywhere_into_a_folder_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subject by ``..`` with a folder of profiles by a relative path; other files in the folder are refused."""
    own = tmp_path / "own folder"
    (own / "scenarios" / "company").mkdir(parents=True)
    (own / "scenarios" / "company" / "mine.yaml").write_text(SCENARIO, encoding="utf-8")
    (own / "主题 & $x.yaml").write_text(SCENARIO.replace("12 %", "13 %"), encoding="utf-8")
    (tmp_path / "at").mkdir()
    monkeypatch.chdir(tmp_path / "at")
    monkeypatch.setenv("CLUSTERSIM_PATH", "../own folder")
    for name, subject in (("one", "../own folder/主题 & $x.yaml"), ("two", "mine")):
        answer = cs.company(subject).bundle()
        at = write(answer, tmp_path / name)
        assert cs.verify(at).failed is None
        write(answer, at)  # once more into its own folder
        (at / "notes.txt").write_text("mine")
        with pytest.raises(InputError, match="holds other files"):
            answer.write(at)


def test_a_package_that_is_not_here_is_no_reason_to_refuse(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The core is installed without the packages of the extras: a bundle made with them is verified there as well."""
    from importlib import metadata

    from clustersim.report.evidence import manifest

    def version(name: str, real: Callable[[str], str] = metadata.version) -> str:
        if name == "scipy":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    manifest.versions.cache_clear()
    monkeypatch.setattr(manifest.metadata, "version", version)
    found = cs.verify(bundle)
    manifest.versions.cache_clear()
    assert found.failed is None and any("verified with none" in said for said in found.said)


def test_a_file_that_is_missing_or_added_is_named(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    (copy / "inputs" / "scenarios").mkdir()
    (copy / "inputs" / "scenarios" / "more.yaml").write_text("a: 1\n")
    (copy / "outputs" / "forecast.json").unlink()
    assert {(r["where"], r["what"]) for r in _files(copy)} == {
        ("inputs/scenarios/more.yaml", "is no file of the bundle"), ("outputs/forecast.json", "missing"),
    }  # fmt: skip


@pytest.mark.parametrize(
    "manifest",
    [
        '{"format": 1, "questions": [{"question": "export", "subject": "x", "sets": []}], "seed": 1, "made_by": {}}',
        '{"format": 1, "questions": [{"question": "run", "subject": "-o", "sets": []}], "seed": 1, "made_by": {}}',
        '{"format": 2, "questions": [], "seed": 1, "made_by": {}}',
        '{"format": 1, "questions": 3}', "[]", "not json",
    ],
)  # fmt: skip
def test_a_hostile_manifest_runs_nothing(manifest: str, bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    (copy / MANIFEST).write_text(manifest)
    found = cs.verify(copy)
    assert isinstance(found.failed, CheckFailed) and found.data["values"] == 0


def test_no_bundle_and_places_that_a_bundle_cannot_keep(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no bundle"):
        cs.verify(tmp_path)
    (tmp_path / "packed.zip").write_bytes(b"PK")
    for name in ("packed.zip", "not there"):
        with pytest.raises(InputError, match="is no folder; give the one that"):
            cs.verify(tmp_path / name)


@pytest.mark.full
@pytest.mark.parametrize("name", ["nanjing-1024", "serve-qwen3-32b", "video-analytics-5g", "biren"])
def test_every_kind_of_scenario_stands_alone(name: str, tmp_path: Path) -> None:
    """One byte of an input, a profile and an output of a scenario fails, with the exit code of a check."""
    from click.testing import CliRunner

    from clustersim.cli.main import cli

    at = write(cs.company(name).bundle(), tmp_path / "bundle")
    assert cs.verify(at).failed is None
    inputs = sorted(p.relative_to(at).as_posix() for p in (at / "inputs").rglob("*.yaml"))
    chosen = [next(n for n in inputs if "/scenarios/" in n), "outputs/forecast.json"]
    chosen += [n for n in inputs if "/cards/" in n][:1]
    for changed in chosen:
        copy = tmp_path / "copy"
        shutil.copytree(at, copy)
        flipped(copy, changed, at=40)
        found = CliRunner().invoke(cli, ["verify", str(copy)])
        assert getattr(found.exception, "exit_code", None) == 5 and changed in found.output
        shutil.rmtree(copy)

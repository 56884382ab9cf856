"""``jobs``: a scenario with drawn jobs, services and a policy; a trace on a table of servers; words for mistakes."""

import json
from pathlib import Path

from click.testing import CliRunner

from clustersim.cli.main import cli

SCENARIO = """
  queue:
    kind: jobs
    drawn:
      load: {value: 0.9, source: a wish, tier: assumption}
      swing: 50 %
      classes:
        - {cards: 0.5, weight: 4, median: 20 min, p90: 3 h, tenant: study}
        - {cards: 8, weight: 3, median: 2 h, p90: 12 h, tenant: lab, failed_share: 20 %}
        - {cards: 64, weight: 1, median: 5 h, p90: 20 h, tenant: lab, priority: 1, min_cards: 16}
    services:
      - {name: chat, servers_by_hour: [4, 4, 4, 4, 16, 16, 16, 16, 16, 16, 8, 8]}
    policy: {order: fair_share, quotas: {study: 256}}
"""


def written(tmp_path, shipped: str):  # type: ignore[no-untyped-def]
    text = Path(shipped).read_text(encoding="utf-8")
    begin, end = text.index("  queue:"), text.index("reliability:\n")
    path = tmp_path / "mixed.yaml"
    path.write_text(text[:begin] + SCENARIO.lstrip("\n") + "\n" + text[end:], encoding="utf-8")
    return path


def test_a_site_of_drawn_jobs_and_a_service(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    path = written(tmp_path, "scenarios/shared-1024.yaml")
    found = CliRunner().invoke(
        cli,
        ["jobs", str(path), "--set", "reliability.duration=3 d", "-f", "json", "-o", str(tmp_path / "out")],
    )
    assert found.exit_code == 0, found.output
    result = json.loads(found.stdout)
    assert result["jobs_count"] > 100 and result["service_met_share"] > 0.99
    assert {row["tenant"] for row in result["tenants"]} == {
        "study, priority 0",
        "lab, priority 0",
        "lab, priority 1",
        "services",
    }
    shares = sum(result[f"{part}_share"] for part in ("useful", "unsuccessful", "lost", "down", "idle"))
    assert abs(shares - 1) < 1e-9 and result["unsuccessful_share"] > 0
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "jobs.json",
        "jobs.csv",
        "tenants.csv",
        "sizes.csv",
        "use.png",
    }
    mean = sum(row["cny_per_useful_card_hour"] * row["useful_card_h"] for row in result["tenants"])
    assert mean > 0 and result["cny_per_useful_card_hour"] > 0
    again = CliRunner().invoke(cli, ["jobs", str(path), "--set", "reliability.duration=3 d", "-f", "json"])
    assert again.stdout == found.stdout


def test_a_trace_on_a_table_of_servers(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from tests.unit.test_job_traces import NODES, PAI

    (tmp_path / "pods.csv").write_text(PAI)
    (tmp_path / "nodes.csv").write_text(NODES)
    asked = [
        "jobs",
        "--trace",
        str(tmp_path / "pods.csv"),
        "--servers",
        str(tmp_path / "nodes.csv"),
        "-f",
        "table",
    ]
    found = CliRunner().invoke(cli, [*asked, "--what-if"])
    assert found.exit_code == 0, found.output
    assert "1 lines left out: never started" in found.stdout and "one more server" in found.stdout
    assert CliRunner().invoke(cli, [*asked, "--order", "recorded"]).exit_code == 0


def test_words_for_mistakes(tmp_path) -> None:  # type: ignore[no-untyped-def]
    both = CliRunner().invoke(cli, ["jobs", "shared-1024", "--trace", "x.csv"])
    assert "give either a SCENARIO, or --trace with --servers" in str(both.exception)
    path = written(tmp_path, "scenarios/shared-1024.yaml")
    for was, now, words in (
        ("order: fair_share", "order: fair", "'arrival', 'fair_share', 'shortest' or 'recorded'"),
        ("cards: 0.5", "cards: 1.5", "a share is of one card"),
        ("cards: 64", "cards: 4096", "needs 4096 cards at once"),
        ("median: 5 h, p90: 20 h", "median: 5 h, p90: 2 h", "p90 (7200 s) lies below the median"),
        ("load: {value: 0.9, source: a wish, tier: assumption}", "jobs: 0", "greater than or equal to 1"),
        ("study: 256", "lab: 8", "lab may hold 8"),
    ):
        text = path.read_text(encoding="utf-8")
        (tmp_path / "wrong.yaml").write_text(text.replace(was, now), encoding="utf-8")
        found = CliRunner().invoke(
            cli, ["jobs", str(tmp_path / "wrong.yaml"), "--set", "reliability.duration=1 d"]
        )
        assert words in str(found.exception), (words, found.exception)


def test_what_binds_nobody_or_cannot_be_drawn_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = written(tmp_path, "scenarios/shared-1024.yaml")
    text = path.read_text(encoding="utf-8")
    edits = {
        "quotas: {studdy: 256}": ("quotas: {study: 256}", "no job or service has the tenant 'studdy'"),
        "p90: 1 min": ("p90: 3 h", "lies below the median"),
        "jobs: 1000000000": ("load: {value: 0.9, source: a wish, tier: assumption}", "5000000"),
        "load: {value: 1e9, source: a wish, tier: assumption}": (
            "load: {value: 0.9, source: a wish, tier: assumption}",
            "shorten reliability.duration",
        ),
        "min_cards: 640": ("min_cards: 16", "goes on with fewer"),
    }
    for wrong, (right, told) in edits.items():
        path.write_text(text.replace(right, wrong), encoding="utf-8")
        found = CliRunner().invoke(cli, ["jobs", str(path)])
        assert told in str(found.exception), (wrong, found.exception)

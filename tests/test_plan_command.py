"""`tejun plan`: exit status, the JSON object, what a person reads, and how fast it starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from app.cli_plan import plan_command
from app.domain.digest import digest_of
from app.procedures.clusterfile import dump_cluster
from tests.domain.examples import cluster

application = typer.Typer()
application.command("plan")(plan_command)
application.callback()(lambda: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "cluster.yaml"
    path.write_text(dump_cluster(cluster()), encoding="utf-8")
    return path


def run(*words: object, lang: str = "ja_JP.UTF-8") -> Result:
    return CliRunner(env={"LANG": lang, "LC_ALL": ""}).invoke(application, ["plan", *map(str, words)])


PATCH = ("--operation", "patch", "--to", "R16.3.1")


def test_the_json_is_the_contracts_object_and_its_digest_can_be_recomputed(file: Path) -> None:
    done = run(file, *PATCH, "--json")
    assert done.exit_code == 0
    plan = json.loads(done.stdout)
    assert list(plan) == [
        "schema",
        "procedure",
        "operation",
        "method",
        "from",
        "to",
        "why",
        "digest",
        "warnings",
        "phases",
    ]
    assert (plan["schema"], plan["procedure"], plan["method"], plan["from"], plan["to"]) == (
        1,
        "3.3",
        "rolling",
        "R16.3",
        "R16.3.1",
    )
    assert plan["digest"] == digest_of({key: value for key, value in plan.items() if key != "digest"})
    assert run(file, *PATCH, "--json").stdout == done.stdout


def test_a_person_reads_it_in_the_language_of_the_terminal(file: Path) -> None:
    assert "手順 3.3" in run(file, *PATCH).stdout
    assert "Procedure 3.3" in run(file, *PATCH, lang="en_US.UTF-8").stdout
    assert "Procedure 3.3" in run(file, *PATCH, "--lang", "en").stdout


def test_a_case_without_a_procedure_ends_with_3_and_the_nearest(file: Path) -> None:
    done = run(file, "--operation", "upgrade", "--to", "R16.4", "--method", "rolling", "--json")
    assert done.exit_code == 3
    refused = json.loads(done.stdout)
    assert refused["refused"]["ja"]
    assert refused["refused"]["en"]
    assert [near["procedure"] for near in refused["nearest"]]
    assert "3.1" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--operation", "patch", "--to", "16.3"),
        ("--operation", "mend", "--to", "R16.3.1"),
        (*PATCH, "--patch-sha256", "xyz"),
        ("--to", "R16.3.1"),
    ],
)
def test_bad_input_ends_with_2(file: Path, words: tuple[str, ...]) -> None:
    done = run(file, *words)
    assert done.exit_code == 2
    assert done.stdout == ""


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path):
        done = run(path, *PATCH)
        assert done.exit_code == 2
        assert str(path) in done.stderr


def test_it_starts_without_tables_web_or_ssh(file: Path) -> None:
    heavy = "('sqlalchemy', 'fastapi', 'asyncssh', 'dbos')"
    code = f"import sys, app.cli_plan; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


OVERLAY = """\
schema: 1
name: 東京
clusters: [tokyo-batch]
steps: {"3.3.1-3": {minutes: 25}}
extra:
  - {after: "3.3.1-3", kind: manual, title: {ja: 電話する, en: Call}, instructions: {ja: 電話する, en: Call}}
"""


def test_an_overlay_file_is_laid_over_the_plan(file: Path, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(OVERLAY, encoding="utf-8")
    done = run(file, *PATCH, "--overlay", overlay, "--json")
    assert done.exit_code == 0
    steps = {step["key"]: step for phase in json.loads(done.stdout)["phases"] for step in phase["steps"]}
    assert steps["3.3.1-3@node-b"]["minutes"] == 25
    assert steps["3.3.1-3+50@node-b"]["title"]["en"] == "Call"
    assert "minutes" not in steps["3.3.1-4@node-b"]
    assert "予定: 25 分" in run(file, *PATCH, "--overlay", overlay).stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("3.3.1-3", "3.3.1-30", "overlay.yaml:4"),
        ("minutes", "minute", "minutes"),
        ("tokyo-batch", "osaka", "osaka"),
    ],
)
def test_a_wrong_overlay_file_is_bad_input(file: Path, tmp_path: Path, old: str, new: str, said: str) -> None:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(OVERLAY.replace(old, new, 1), encoding="utf-8")
    done = run(file, *PATCH, "--overlay", overlay)
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr
    assert run(file, *PATCH, "--overlay", tmp_path / "absent.yaml").exit_code == 2


def test_the_literal_order_of_one_erratum_is_planned_with_a_warning(file: Path) -> None:
    plan = json.loads(run(file, *PATCH, "--literal", "B8", "--json").stdout)
    assert "B8" in [warning["errata"] for warning in plan["warnings"]]
    assert "3.3.1-1+1@node-b" not in [step["key"] for phase in plan["phases"] for step in phase["steps"]]


@pytest.mark.parametrize(
    ("erratum", "said"), [("E1", "B4, B8, B9, B13, B14, C8"), ("B13", "変わるところがありません")]
)
def test_a_literal_order_that_is_not_to_be_had_is_bad_input(file: Path, erratum: str, said: str) -> None:
    done = run(file, *PATCH, "--literal", erratum, "--json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert said in done.stderr

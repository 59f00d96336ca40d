"""Parsers over recorded and constructed answers (samples/*.yaml), and the verdicts that follow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checks import PARSERS, READ_ONLY, judge, read
from app.domain.procedure import Check, CommandText
from tests.domain.examples import WINDOWS, WSFC, cluster

SAMPLES = Path(__file__).parent / "samples"


def samples(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load((SAMPLES / f"{name}.yaml").read_text()))


def facts(sample: dict[str, Any]) -> frozenset[str] | None:
    return None if sample["facts"] is None else frozenset(sample["facts"])


@pytest.mark.parametrize("sample", samples("processes"), ids=lambda sample: sample["name"])
def test_processes_are_told_apart_by_site(sample: dict[str, Any]) -> None:
    assert PARSERS["processes@1"](sample["output"].encode(), 0) == facts(sample)


@pytest.mark.parametrize(
    "sample", samples("answers"), ids=lambda sample: f"{sample['parser']} {sample['facts']}"
)
def test_an_answer_gives_its_facts(sample: dict[str, Any]) -> None:
    assert PARSERS[sample["parser"]](sample["output"].encode(), sample.get("exit", 0)) == facts(sample)


@pytest.mark.parametrize("sample", samples("cluster"), ids=lambda sample: sample["name"])
def test_the_cluster_is_read_from_xml(sample: dict[str, Any]) -> None:
    assert PARSERS["cluster@1"](b"#tejun cluster\n" + sample["output"].encode(), 0) == facts(sample)


@pytest.mark.parametrize("parser", PARSERS)
@given(st.binary(max_size=200), st.sampled_from([0, 1, 127]))
def test_no_answer_however_broken_raises(parser: str, noise: bytes, status: int) -> None:
    name = parser.split("@")[0]
    for output in (
        noise,
        b"#tejun " + name.encode() + b" x\n" + noise,
        b"#tejun " + name.encode() + b"\n" + noise + b"\n#end\n",
    ):
        found = PARSERS[parser](output, status)
        assert found is None or status == 0


def check(present: tuple[str, ...] = (), absent: tuple[str, ...] = ()) -> Check:
    command = CommandText(shell="sh", text="true")
    return Check(
        probe="p", commands=(command,), parser="words@1", present=present, absent=absent, ja="x", en="x"
    )


def test_unreadable_is_unknown_and_neither_pass_nor_fail() -> None:
    assert judge(None, check(present=("a",))).result == "unknown"
    assert judge(read(check(absent=("a",)), b"garbage", 0), check(absent=("a",))).result == "unknown"


def test_a_verdict_names_what_is_missing_and_what_should_not_be_there() -> None:
    assert judge(frozenset({"a"}), check(("a",), ("b",))).result == "pass"
    verdict = judge(frozenset({"b", "c"}), check(("a",), ("b",)))
    assert (verdict.result, verdict.missing, verdict.unexpected) == ("fail", ("a",), ("b",))


def test_every_probe_has_its_parser() -> None:
    made = (cluster(), cluster(clusterware="vcs"), cluster(**WSFC), cluster(**WINDOWS))
    assert {parser for probe in READ_ONLY.values() for parser in probe.parsers(made)} <= set(PARSERS)

"""The cluster managers' adapters against their samples: what was really read, what is only our idea of it, and that no
adapter commands what its samples do not prove."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.domain import clusterware
from app.domain.checks import PARSERS
from app.domain.cluster import Cluster
from app.domain.clusterware.verbs import Clusterware, Verb
from app.domain.procedure import Shell
from app.domain.shell import WORDS
from app.procedures.syntax import problems
from tests.domain.examples import WINDOWS, WSFC, cluster

SAMPLES = Path(__file__).parent / "samples" / "clusterware"
MANAGERS = {
    "pacemaker": cluster(),
    "crmsh": cluster(clusterware_version="crm 4.4"),
    "wsfc": cluster(**WSFC),
    "mscs": cluster(**WSFC, os_version="2003"),
    "clusterpro": cluster(clusterware="clusterpro"),
    "serviceguard": cluster(clusterware="serviceguard", os="hpux"),
    "lifekeeper": cluster(clusterware="lifekeeper"),
    "vcs": cluster(clusterware="vcs"),
    "generic": cluster(clusterware="oracle"),
}
SAMPLES_OF = {"crmsh": "pacemaker"}
"""crm and pcs are read by the same parser, and were captured on the same cluster."""
PROVES = ("captured", "published")


def samples(name: str) -> list[dict[str, Any]]:
    path = SAMPLES / f"{SAMPLES_OF.get(name, name)}.yaml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else []


EVERY_SAMPLE = [
    pytest.param(sample, id=f"{path.stem}: {sample['name']}")
    for path in sorted(SAMPLES.glob("*.yaml"))
    for sample in samples(path.stem)
]


def verbs(manager: Clusterware, node: str = "n", group: str = "g", site: str = "s") -> dict[str, Verb]:
    return {
        "pause": manager.pause(node),
        "resume": manager.resume(node),
        "stop_monitoring": manager.stop_monitoring(group),
        "resume_monitoring": manager.resume_monitoring(group),
        "move": manager.move(group, node),
        "offline": manager.offline(group, site),
        "online": manager.online(group, site),
        "stop_group": manager.stop_group(group),
        "start_group": manager.start_group(group, node),
        "stop_node": manager.stop_node(node),
        "start_node": manager.start_node(node),
    }


def kind(fact: str) -> str:
    """What a fact says, without saying it of whom: `site:offline`, `group:started`, `online`."""
    name, _, said = fact.rpartition(":")
    said = said.partition("@")[0]
    return f"site:{said}" if "/" in name else said


@pytest.mark.parametrize("sample", EVERY_SAMPLE)
def test_a_sample_reads_as_it_says(sample: dict[str, Any]) -> None:
    output = sample["output"].encode(sample.get("encoding", "utf-8"))
    expected = None if sample["state"] is None else frozenset(sample["state"])
    assert PARSERS[sample["parser"]](output, sample["exit_status"]) == expected


@pytest.mark.parametrize("sample", EVERY_SAMPLE)
def test_a_sample_says_where_it_comes_from(sample: dict[str, Any]) -> None:
    assert sample["source"] in (*PROVES, "constructed")
    assert ("machine" in sample) == (sample["source"] == "captured")
    assert sample["source"] != "published" or sample["address"].startswith("https://")


@pytest.mark.parametrize("sample", EVERY_SAMPLE)
def test_an_answer_that_is_cut_anywhere_is_no_answer(sample: dict[str, Any]) -> None:
    output = sample["output"].encode(sample.get("encoding", "utf-8")).rstrip()
    for end in range(0, len(output), max(1, len(output) // 50)):
        assert PARSERS[sample["parser"]](output[:end], sample["exit_status"]) is None, output[:end]


@pytest.mark.parametrize("name", MANAGERS)
def test_an_adapter_states_what_its_samples_prove(name: str) -> None:
    stated = importlib.import_module(f"app.domain.clusterware.{name}").PROVEN
    sources = {sample["source"] for sample in samples(name)}
    best = next((source for source in PROVES if source in sources), "constructed")
    assert stated == best


@pytest.mark.parametrize("name", MANAGERS)
def test_a_verb_is_a_command_only_where_a_real_answer_proves_it(name: str) -> None:
    proven = {
        kind(fact) for sample in samples(name) if sample["source"] in PROVES for fact in sample["state"] or ()
    }
    proven |= {"running", "stopped"}  # services are read by probes with samples of their own
    for verb in verbs(clusterware.of(MANAGERS[name])).values():
        if verb.text is not None:
            assert verb.present
            assert {kind(fact) for fact in verb.present} <= proven


@pytest.mark.parametrize("name", MANAGERS)
def test_a_verb_is_run_or_told_and_never_both(name: str) -> None:
    for verb in verbs(clusterware.of(MANAGERS[name])).values():
        assert (verb.text is None) == (verb.manual is not None)
        assert not (verb.text and verb.shown)
        assert all(text.ja and text.en for text in verb.told)


@pytest.mark.parametrize("name", ["mscs", "serviceguard", "generic"])
def test_with_constructed_samples_only_everything_is_a_persons(name: str) -> None:
    manager = clusterware.of(MANAGERS[name])
    assert all(verb.text is None for verb in verbs(manager).values())
    assert manager.read_state() is None
    assert name == "generic" or all(verb.shown or verb.manual for verb in verbs(manager).values())


def test_a_captured_answer_would_turn_serviceguards_verbs_into_commands() -> None:
    manager = clusterware.of(MANAGERS["serviceguard"])
    shown = manager.move("pkg", "n").shown
    manager.standing = "captured"  # type: ignore[attr-defined]
    assert manager.move("pkg", "n").text == shown
    assert "cmviewcl -v -f line" in (manager.read_state() or "")


@pytest.mark.parametrize("name", MANAGERS)
def test_no_verb_uses_what_the_facts_call_dangerous(name: str) -> None:
    for verb in verbs(clusterware.of(MANAGERS[name]), "node 1", "group 1", "site 1").values():
        text = f"{verb.text}\n{verb.shown}"
        assert not re.search(
            r"clpdown|clpstdn|-Drain|-ForceDrain|killall|-evacuate|--force|Stop-ClusterNode -", text
        )
        for line in text.splitlines():
            assert not line.strip().startswith("clpgrp") or "group 1" in line
            assert not re.match(r"cmhaltnode.* -f", line)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "Pacemaker"),
        ({"clusterware_version": "0.9"}, "Pacemaker"),
        ({"clusterware_version": "crm 4.4"}, "Crmsh"),
        ({"clusterware_version": "crmsh 4.4"}, "Crmsh"),
        (WSFC, "Wsfc"),
        ({**WSFC, "os_version": "2008 R2"}, "Wsfc"),
        ({**WSFC, "os_version": "Windows Server 2022"}, "Wsfc"),
        ({**WSFC, "os_version": "2008"}, "Mscs"),
        ({**WSFC, "os_version": "2003 R2"}, "Mscs"),
        ({**WSFC, "clusterware_version": "cluster.exe"}, "Mscs"),
        (WINDOWS, "Clusterpro"),
        ({"clusterware": "other"}, "Generic"),
    ],
)
def test_the_manager_is_chosen_by_the_cluster_file(changes: dict[str, Any], name: str) -> None:
    assert type(clusterware.of(cluster(**changes))).__name__ == name


def test_an_old_crm_shell_is_shown_and_not_run() -> None:
    verb = clusterware.of(cluster(clusterware_version="crmsh 2.1")).pause("n")
    assert verb.text is None
    assert verb.shown.startswith("crm node standby n")


def test_wsfc_says_that_it_cannot_pause_monitoring() -> None:
    verb = clusterware.of(MANAGERS["wsfc"]).stop_monitoring("g")
    assert verb.text is None
    assert verb.manual
    assert "cannot pause the monitoring" in verb.manual.en
    assert "Stop-ClusterResource" in verb.shown


def test_a_resumed_node_draws_nothing_back_where_the_server_knows_the_word() -> None:
    def resumed(**changes: Any) -> str:
        return str(clusterware.of(cluster(**WSFC, **changes)).resume("n").text).splitlines()[-1]

    assert resumed() == "Resume-ClusterNode -Name 'n' -Failback NoFailback"
    assert resumed(os_version="Windows Server 2008 R2") == "Resume-ClusterNode -Name 'n'"


def test_what_acts_on_its_own_machine_refuses_another() -> None:
    manager = clusterware.of(MANAGERS["wsfc"])
    for verb in (manager.stop_node("node-b"), manager.start_node("node-b")):
        assert "if ($env:COMPUTERNAME -ne 'node-b') { throw" in str(verb.text)
        assert (verb.probe, dict(verb.params)) == ("service", {"name": "ClusSvc"})


def test_the_site_is_named_by_its_virtual_host() -> None:
    sites = [{"name": "s1", "database": r"S:\db", "group": "it's", "virtual_host": "vhost1"}]
    manager = clusterware.of(cluster(**WSFC, sites=sites))
    assert "Write-Site 'it''s' 'vhost1'" in str(manager.read_state())


@pytest.mark.parametrize(
    "made", [cluster(clusterware="clusterpro"), cluster(**WINDOWS)], ids=["linux", "windows"]
)
def test_clusterpro_speaks_the_nodes_shell(made: Cluster) -> None:
    verb = clusterware.of(made).move("group 1", "node-b")
    quoted, shell = (
        ('"group 1" -a "node-b"', "cmd") if made.os == "windows" else ("'group 1' -a node-b", "sh")
    )
    assert verb.shell == shell
    assert str(verb.text).endswith(f"clpgrp -m {quoted}")


def test_the_decision_record_says_what_is_a_command() -> None:
    record = (Path(__file__).parents[2] / "docs/decisions/0012-clusterware.md").read_text(encoding="utf-8")
    for name, made in MANAGERS.items():
        stated = importlib.import_module(f"app.domain.clusterware.{name}").PROVEN
        done = ("command" if verb.text else "by hand" for verb in verbs(clusterware.of(made)).values())
        assert "| " + " | ".join((name, stated, *done)) + " |" in record


@pytest.mark.parametrize("name", MANAGERS)
@pytest.mark.parametrize("group", ["g_jc", "it's $x"])
def test_every_text_may_be_sent(name: str, group: str) -> None:
    made = MANAGERS[name].model_copy(
        update={"sites": tuple(site.model_copy(update={"group": group}) for site in MANAGERS[name].sites)}
    )
    manager = clusterware.of(made)
    texts = [(verb.shell, verb.text) for verb in verbs(manager, group=group).values()]
    shell: Shell = "powershell" if made.os == "windows" else "sh"
    texts += [
        (shell, text) for text in (manager.read_state(), manager.read_constraints(), manager.read_service())
    ]
    for spoken, text in texts:
        if text is None:
            continue
        assert not problems(spoken, text), text
        assert "$x" not in text or WORDS[spoken](group) in text

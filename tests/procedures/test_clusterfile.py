"""Cluster files: round trip, and errors that name file, line, key and what is allowed."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Invalid
from app.procedures.clusterfile import MAX_BYTES, dump_cluster, load_cluster
from tests.domain.examples import EXAMPLE, cluster, three_nodes, two_sites

TEXT = """\
name: tokyo-batch
platform: unix
os: linux
arch: x64
clusterware: pacemaker
version: R16.3
local_site: used
nodes:
  - {name: node-a, role: active, address: 127.0.0.1, port: 2201}
  - {name: node-b, role: standby, address: 127.0.0.1, port: 2202}
sites:
  - {name: site1, database: /shared/site1, group: g_jc}
"""

# what is replaced, by what, the field, and what the message must say
FAULTS = [
    ("R16.3", "16.3", "version", ["c.yaml:6", "R16.3.1"]),
    ("clusterware: pacemaker", "clusterware: peacemaker", "clusterware", ["c.yaml:5", "serviceguard"]),
    ("os: linux", "os: windows", "os", ["aix"]),
    ("clusterware: pacemaker", "clusterware: wsfc", "clusterware", ["wsfc"]),
    ("role: standby", "role: active", "nodes", ["c.yaml:8", "node-b"]),
    ("role: active", "role: standby", "nodes", ["active"]),
    ("name: node-b", "name: node-a", "nodes", ["node-a"]),
    ("port: 2202", "port: 99999", "nodes[1].port", ["c.yaml:10", "65535"]),
    ("port: 2202", "prot: 2202", "nodes[1].prot", ["port"]),
    ("platform: unix\n", "", "platform", ["platform"]),
    ("local_site: used", "local_site: yes", "local_site", ["unused"]),
    ("arch: x64", "arch: x64\narch: x86", "arch", ["c.yaml:5"]),
    ("arch: x64", "arch: x64\npaths: {nqs: lib/nqs}", "paths.nqs", ["~/"]),
    ("arch: x64", "arch: x64\ntime_zone: Asia/Tokio", "time_zone", ["Asia/Tokyo"]),
    ("group: g_jc", "group: g_jc, active: node-z", "sites", ["node-a, node-b"]),
    ("group: g_jc", "group: -rf", "sites[0].group", ["c.yaml:12"]),
    ("name: site1", "name: 'a b'", "sites[0].name", ["a b"]),
    ("name: tokyo-batch", "name: &x tokyo", None, ["c.yaml:1"]),
    ("name: tokyo-batch", "name: !!python/name:os.system x", None, ["c.yaml:1"]),
    ("os: linux", "\tos: linux", None, ["c.yaml:3"]),
    ("sites:\n", "sites: {}\nx:\n", "sites", ["c.yaml:11"]),
]


@pytest.mark.parametrize(("old", "new", "field", "said"), FAULTS, ids=[fault[1][:30] for fault in FAULTS])
def test_an_error_names_the_place_and_what_is_allowed(
    old: str, new: str, field: str | None, said: list[str]
) -> None:
    assert old in TEXT
    with pytest.raises(Invalid) as no:
        load_cluster(TEXT.replace(old, new, 1).encode(), "c.yaml")
    assert no.value.field == field
    for language in (no.value.message.ja, no.value.message.en):
        assert "c.yaml" in language
        for words in said:
            assert words in language


STRANGE = [
    b"",
    b"- a\n",
    b"just words",
    b"\xff\xfe\x00",
    b"a: \x00",
    b"a: [",
    b"[" * 5000,
    b"{a: " * 500,
    b"? [a]\n: b\n",
    b"--- a\n--- b\n",
    "name: ソ表能".encode("cp932"),
    b"a: &a [*a]\n",
    b"x" * (MAX_BYTES + 1),
    b"a: b: c\n",
    b"%YAML 9.9\n---\na: 1\n",
    b'a: "\\ud800"\n',
    b'"\\ud800": 1\n',
]


@pytest.mark.parametrize("data", STRANGE, ids=range(len(STRANGE)))
def test_strange_bytes_are_refused_without_a_traceback(data: bytes) -> None:
    with pytest.raises(Invalid) as no:
        load_cluster(data, "c.yaml")
    assert "c.yaml" in no.value.message.ja


@settings(max_examples=200)
@given(st.binary(max_size=80) | st.text(alphabet="ab:-[]{}&*!|>'\"\n\t #%@0", max_size=60).map(str.encode))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    with pytest.raises(Invalid):
        load_cluster(data)


@pytest.mark.parametrize(
    "given",
    [
        cluster(),
        three_nodes(),
        two_sites(),
        cluster(paths={"nqs": "~/nqs"}, clusterware_version="0.10", os_version="9.4"),
    ],
)
def test_a_cluster_comes_back_from_its_file(given: object) -> None:
    assert load_cluster(dump_cluster(given).encode()) == given  # type: ignore[arg-type]


def test_numbers_that_are_words_stay_words() -> None:
    read = load_cluster((TEXT + "clusterware_version: 0.10\nos_version: 9.4\nclwin: no\n").encode())
    assert (read.clusterware_version, read.os_version, read.clwin) == ("0.10", "9.4", False)


def test_defaults_are_those_of_the_contract() -> None:
    read = load_cluster(yaml.safe_dump(EXAMPLE).encode())
    assert (read.mode, read.time_zone, read.clwin, read.reuse_site_database) == (
        "classic",
        "Asia/Tokyo",
        False,
        True,
    )
    assert (read.path("nqs"), read.path("patches"), read.nodes[0].user, read.nodes[0].transport) == (
        "/usr/lib/nqs",
        "/var/tmp",
        "root",
        "ssh",
    )


def test_standard_mode_and_mutual_standby_can_be_written_down() -> None:
    assert load_cluster((TEXT + "mode: standard\n").encode()).mode == "standard"
    mutual = TEXT + "  - {name: site2, database: /shared/site2, group: g2, active: node-b}\n"
    assert load_cluster(mutual.encode()).sites[1].active == "node-b"

"""The stand-in for JobCenter: real processes with the right names, a patch that a running site spoils."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.lab import elf, product
from tests.support.lab import Cluster

BOTH = pytest.mark.parametrize("lab_mode", ["ns", "plain"])
OLDEST = {"nqsdaemon", "jnwcaster", "jnwengine", "sclaunchd", "comagent"}


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("R12.7", set()),
        ("R12.10.2", set()),
        ("R13.1", {"jcdbs"}),
        ("R15.1", {"jcdbs", "jnwlauncher"}),
        ("R16.1", {"jcdbs", "jnwlauncher", "jcwebserver"}),
        ("R16.3.1", {"jcdbs", "jnwlauncher", "jcwebserver"}),
    ],
)
def test_a_site_has_the_processes_of_its_version(version: str, more: set[str]) -> None:
    assert set(product.daemons(version)) == OLDEST | more


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_program_and_version_has_bytes_of_its_own(machine: str) -> None:
    programs = [elf.daemon(name, version, machine) for name in ("a", "b") for version in ("R16.3", "R16.3.1")]
    assert len(set(programs)) == 4
    assert b"@(#)a JobCenter R16.3.1" in programs[1]


def tree(lab: Cluster, node: str) -> dict[str, list[str]]:
    """Names of the JobCenter processes under each top: "cluster" below a cjcpw, "local" below no cjcpw."""
    rows = {pid: (parent, command.split()) for pid, parent, command in lab.processes(node)}
    names = {*product.daemons("R16.3"), "cjcpw"}
    found: dict[str, list[str]] = {"local": [], "cluster": []}
    for pid, (_, words) in rows.items():
        if (name := words[0].rpartition("/")[2]) in names:
            above, at = [], pid
            while at in rows:
                above.append(rows[at][1][0].rpartition("/")[2])
                at = rows[at][0]
            found["cluster" if "cjcpw" in above else "local"].append(name)
    return {top: sorted(names) for top, names in found.items()}


@BOTH
def test_the_process_tree_tells_the_cluster_site_from_the_local_one(lab: Cluster) -> None:
    site = sorted(product.daemons("R16.3"))
    assert tree(lab, "node-a") == {"local": site, "cluster": sorted([*site, "cjcpw"])}
    assert tree(lab, "node-b") == {"local": site, "cluster": []}
    (line,) = [command for _, _, command in lab.processes("node-a") if "cjcpw" in command]
    assert line.endswith("cjcpw site1")


def test_an_old_version_without_a_local_site(new_lab: Callable[..., Cluster]) -> None:
    lab = new_lab(version="R12.7", local_site="unused")
    assert tree(lab, "node-b") == {"local": [], "cluster": []}
    assert set(tree(lab, "node-a")["cluster"]) == OLDEST | {"cjcpw"}
    assert lab.lab.patch.file == "NECJCpt-12.7.1-1.x86_64.rpm"
    assert lab.ssh("node-a", "rpm -q NECJCpkg").out == "NECJCpkg-12.7-1.x86_64\n"


@BOTH
def test_a_forgotten_nqs_site_stops_the_wrong_site(lab: Cluster) -> None:
    lab.fault("nqs-site", "node-a")
    nqs = lab.lab.node("node-a").nqs
    assert lab.ssh("node-a", "printenv NQS_SITE").out == "site1\n"
    assert "nqs-site" in lab.status().nodes[0].faults
    lab.ssh("node-a", f"pcs resource unmanage g_jc --monitor && {nqs}/nqsstop")
    assert tree(lab, "node-a") == {"local": sorted(product.daemons("R16.3")), "cluster": ["cjcpw"]}
    assert lab.ssh("node-a", f"env -u NQS_SITE {nqs}/nqsstop").out == "JobCenter stopped (local).\n"
    assert lab.ssh("node-a", 'sh -lc "unset NQS_SITE; . ~/.profile; printenv NQS_SITE"').out == "site1\n"
    lab.fault("clear", "node-a")
    assert lab.ssh("node-a", "printenv NQS_SITE").status == 1


@BOTH
def test_a_site_starts_only_where_its_disk_is(lab: Cluster) -> None:
    nqs = lab.lab.node("node-b").nqs
    ran = lab.ssh("node-b", f"{nqs}/cluster/cjcpw site1")
    assert ran.status == 1
    assert "cannot access the site database" in ran.err
    assert lab.ssh("node-b", f"NQS_SITE=site1 {nqs}/trfdelete").status == 1


@BOTH
def test_trfdelete_takes_the_tracking_folder_of_the_named_site_alone(lab: Cluster) -> None:
    nqs, tracking = lab.lab.node("node-a").nqs, lab.directory / "shared/site1/nqs/private/root/tracking"
    stopped = f"pcs resource unmanage g_jc --monitor && {nqs}/cluster/cjcpw -stop site1 && {nqs}/nqsstop"
    assert lab.ssh("node-a", stopped).status == 0
    assert lab.ssh("node-a", f"{nqs}/trfdelete").status == 0
    assert tracking.is_dir()
    assert lab.ssh("node-a", f"NQS_SITE=site1 {nqs}/trfdelete").status == 0
    assert not tracking.exists()


@BOTH
def test_a_patch_over_running_programs_succeeds_and_changes_nothing(lab: Cluster) -> None:
    node = lab.lab.node("node-b")
    sums = f"cd {node.nqs} && sha256sum nqsdaemon jnwcaster"
    old = lab.ssh("node-b", sums).out
    ran = lab.ssh("node-b", f"rpm -ivh {node.patch}")
    assert ran.status == 0
    assert "Text file busy" in ran.err
    assert "warning: %post(NECJCpt-16.3.1-1.x86_64) scriptlet failed, exit status 1" in ran.err
    assert lab.ssh("node-b", "rpm -q NECJCpt").out == "NECJCpt-16.3.1-1.x86_64\n"
    assert lab.ssh("node-b", sums).out == old

    again = lab.ssh("node-b", f"{node.nqs}/nqsstop >&2 && rpm -ivh {node.patch}")
    assert again.status == 1
    assert "package NECJCpt-16.3.1-1.x86_64 is already installed" in again.err
    assert lab.ssh("node-b", f"rpm -ivh --replacepkgs {node.patch}").err == ""
    digests = dict(
        line.split()[::-1]
        for line in lab.ssh(
            "node-b", f"rpm -qp --qf '[%{{FILEDIGESTS}} %{{FILENAMES}}\\n]' {node.patch}"
        ).out.splitlines()
        if len(line.split()) == 2
    )
    new = [line.split()[0] for line in lab.ssh("node-b", sums).out.splitlines()]
    assert new == [digests["/opt/NECJCpt/16.3.1/nqsdaemon"], digests["/opt/NECJCpt/16.3.1/jnwcaster"]]


def test_an_upgrade_waits_for_the_processes_and_its_data_for_their_conversion(
    new_lab: Callable[..., Cluster],
) -> None:
    """What 3.1 has to get right, and what the lab answers where it does not."""
    lab = new_lab(version="R12.10")
    node = lab.lab.node("node-a")
    assert lab.lab.upgrade
    package = node.patch.replace(lab.lab.patch.file, lab.lab.upgrade.file)
    busy = lab.ssh("node-a", f"rpm -Uvh {package}")
    assert (busy.status, "JobCenter is running" in busy.err) == (1, True)
    assert lab.ssh("node-a", "rpm -q NECJCpkg").out == "NECJCpkg-12.10-1.x86_64\n"

    stopped = (
        f"pcs resource unmanage g_jc --monitor; {node.nqs}/cluster/cjcpw -stop site1; {node.nqs}/nqsstop"
    )
    assert lab.ssh("node-a", stopped).status == 0
    beside = lab.ssh("node-a", f"rpm -ivh {package}")
    assert (beside.status, "conflicts with file from package NECJCpkg-12.10" in beside.err) == (1, True)
    done = lab.ssh("node-a", f"rpm -Uvh {package}")
    assert (done.status, "is of format R12, JobCenter R16.3 needs R13" in done.err) == (0, True)
    assert tree(lab, "node-a") == {"local": [], "cluster": []}
    assert lab.ssh("node-a", "rpm -V NECJCpkg").status == 0

    new = sorted(product.daemons("R16.3"))
    assert lab.ssh("node-a", f"{node.nqs}/tejun-lab-convert spool").status == 0
    assert tree(lab, "node-a") == {"local": new, "cluster": []}, "it comes up by itself"
    assert lab.ssh("node-a", f"{node.nqs}/cluster/cjcpw site1").status == 1
    left = lab.ssh("node-a", f"{node.nqs}/tejun-lab-convert site site1")
    assert (left.status, "files of the old version are left" in left.err) == (1, True)

"""1.1.3, 1.1.4, 1.2.2 and 1.3: the alternative of the manual that a case takes, and the lines of the manual shown beside it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.procedures.wsfc_plans import plan, step

# (what is asked for, key, applies, branch)
ALTERNATIVES: list[tuple[dict[str, Any], str, bool, str | None]] = [
    # 1.1.3: one alternative in print for the first stop, two by the version at that moment for the later ones (D1)
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7"}, "1.1.3.1-1@node-b", True, None),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7", "local_site": "unused"}, "1.1.3.1-9@node-b", True, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.7.9", "to": "R12.8", "local_site": "unused"}, "1.1.3.1-9@node-b", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7"}, "1.1.3.1-9@node-b", False, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7.9"}, "1.1.3.2-11@node-a/site1", True, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.8"}, "1.1.3.2-11@node-a/site2", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7"}, "1.1.3.2-13@node-a", True, "<=R12.7"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.10"}, "1.1.3.2-13@node-a", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7.9"}, "1.1.3.2-17@node-a/site1", True, None),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.8"}, "1.1.3.2-17@node-a/site1", False, None),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.10"}, "1.1.3.2-18@node-a", True, ">=R12.8"),
    ({"arch": "ipf32", "source": "R12.6", "to": "R12.7", "local_site": "unused"}, "1.1.3.2-18@node-a", False, "<=R12.7"),
    ({"arch": "ipf32", "clwin": True}, "1.1.3.1-4+3@node-b", True, None),
    ({"arch": "ipf32"}, "1.1.3.1-4+3@node-b", False, None),
    ({"arch": "ipf32"}, "1.1.3.2-7+1@node-a", True, None),
    # 1.1.4: split by the way of installing, by CL/Win, and by the version at that moment
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.1-1@node-b", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.8", "to": "R12.9"}, "1.1.4.1-1@node-b", True, ">=R12.8"),
    ({"arch": "ipf"}, "1.1.4.1-2@node-b", True, None),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.1-4@node-b", False, None),
    ({"arch": "ipf", "install": "fresh"}, "1.1.4.1-4@node-b", True, None),
    ({"arch": "ipf"}, "1.1.4.1-5@node-b", False, None),
    ({"arch": "ipf", "clwin": True}, "1.1.4.1-5@node-b", True, None),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.7"}, "1.1.4.1-7@node-b", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.1-7@node-b", True, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.1-8@node-b", False, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.7", "to": "R12.8"}, "1.1.4.2-1@node-a", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.8", "to": "R13.1"}, "1.1.4.2-1@node-a", True, ">=R12.8"),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.2-4@node-a/site1", False, None),
    ({"arch": "ipf", "install": "fresh"}, "1.1.4.2-4@node-a/site2", True, None),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.2-5@node-a", False, None),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.7"}, "1.1.4.2-9@node-a", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.7"}, "1.1.4.2-10@node-a/site1", True, "<=R12.7"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.8"}, "1.1.4.2-10@node-a/site1", True, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.8", "local_site": "unused"}, "1.1.4.2-12@node-a", True, ">=R12.8"),
    ({"arch": "ipf", "source": "R12.6", "to": "R12.8", "local_site": "unused"}, "1.1.4.2-15@node-a", False, ">=R12.8"),
    ({"arch": "ipf", "install": "overwrite"}, "1.1.4.2-16@node-c", False, None),
    ({"arch": "ipf", "install": "fresh"}, "1.1.4.2-16@node-c", True, None),
    # 1.2.2: the DLLs go up to R12.4.x, from R12.5 they stay (D5); the numbers stay in any case
    ({"operation": "patch", "source": "R12.4", "to": "R12.4.1"}, "1.2.2.1-5@node-b", True, "<=R12.4"),
    ({"operation": "patch", "source": "R12.4.9", "to": "R12.4.10"}, "1.2.2.1-5@node-c", True, "<=R12.4"),
    ({"operation": "patch", "source": "R12.5", "to": "R12.5.1"}, "1.2.2.1-5@node-b", False, ">=R12.5"),
    ({"operation": "patch", "source": "R12.4.9", "to": "R12.4.10"}, "1.2.2.2-7@node-a", True, "<=R12.4"),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.2-7@node-a", False, ">=R12.5"),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.2-6+1@node-a", False, None),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.2-9@node-a/site1", True, None),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9"}, "1.2.2.1-10@node-b", False, None),
    ({"operation": "patch", "source": "R12.7", "to": "R12.7.9", "local_site": "unused"}, "1.2.2.2-13@node-a", True, None),
    # 1.3: one procedure for both operations
    ({"source": "R13.1", "to": "R16.3"}, "1.3.1-2@node-b", True, "upgrade"),
    ({"operation": "patch", "source": "R12.8", "to": "R12.8.1"}, "1.3.1-2@node-c", True, "patch"),
    ({"source": "R13.1", "to": "R16.3"}, "1.3.3-2@node-a", True, "upgrade"),
    ({"operation": "patch", "source": "R12.8", "to": "R12.8.1"}, "1.3.3-2@node-a", True, "patch"),
    ({"source": "R13.1", "to": "R16.3", "local_site": "unused"}, "1.3.1-1@node-b", True, None),
    ({"source": "R13.1", "to": "R16.3", "local_site": "unused"}, "1.3.1-3@node-b", False, None),
    ({"source": "R13.1", "to": "R16.3", "local_site": "unused"}, "1.3.3-3+1@node-a", True, None),
]  # fmt: skip


@pytest.mark.parametrize(("case", "key", "applies", "branch"), ALTERNATIVES, ids=str)
def test_the_alternative_is_that_of_the_version_at_that_moment(
    case: dict[str, Any], key: str, applies: bool, branch: str | None
) -> None:
    found = step(plan(**case), key)
    assert (found.applies, found.branch) == (applies, branch)


# what the manual prints there, its spelling mended
PRINTED: list[tuple[dict[str, Any], str, tuple[str, ...]]] = [
    ({"arch": "ipf32"}, "1.1.3.1-2@node-b", ("jc_check -l",)),
    ({"arch": "ipf32"}, "1.1.3.1-5@node-b", (r"cd %systemroot%\SysWOW64", "del /F /Q nec*", "rd /S /Q necjclog")),
    ({"arch": "ipf32"}, "1.1.3.2-9@node-a", (r"cd %systemroot%\SysWOW64", "rd /S /Q necjcunsetup")),
    (
        {"arch": "ipf32"},
        "1.1.3.2-7@node-a",
        (
            r'reg delete "HKLM\Software\Wow6432Node\NEC\NetShepherd\SV" /f',
            r'reg delete "HKLM\Software\Wow6432Node\NEC\JobCenter(CL/Win)" /f',
        ),
    ),
    ({"arch": "ipf32", "to": "R12.7"}, "1.1.3.2-11@node-a/site1", ("cjcmksite",)),
    (
        {"arch": "ipf32"},
        "1.1.3.2-14@node-a/site1",
        (
            'cluster res "[リソースの名前]" /create /group:"[クラスタグループ]" /type:"Generic Script"',
            'cluster res "[リソースの名前]" /priv ScriptFilePath="[共有ディスク上のJobCenterCluster.vbsパス]"',
            'cluster res "[リソースの名前]" /priv SiteName="[仮想ホスト名]"',
            'cluster res "[リソースの名前]" /priv DBPath="[共有ディスク上のJobCenterDBパス]"',
        ),
    ),
    ({"arch": "ipf"}, "1.1.4.2-11@node-a/site1", (r"copy [インストールパス]\ins\JobCenterCluster.vbs [共有ディスク上のパス]",)),
    (
        {"operation": "patch", "source": "R12.4", "to": "R12.4.1"},
        "1.2.2.1-4@node-b",
        (
            r"cd %systemroot%\cluster",
            r"regsvr32 -u /s %systemroot%\cluster\JobCenterClusterEx",
            'cluster /unregext:"JobCenterClusterEx"',
        ),
    ),
    *(
        (
            {"operation": "patch", "source": "R12.4", "to": "R12.4.1"},
            key,
            (r"cd %systemroot%\cluster", "del /F /Q jobcentercluster.dll または jobcenterclusterex.dll"),
        )
        for key in ("1.2.2.1-5@node-b", "1.2.2.2-7@node-a")
    ),
    (
        {"operation": "patch", "source": "R12.4", "to": "R12.4.1"},
        "1.2.2.2-6@node-a",
        (
            r"cd %systemroot%\cluster",
            r"regsvr32 -u /s %systemroot%\cluster\JobCenterClusterEx",
            'cluster /unregext:"JobCenterClusterEx"',
            "cluster restype JobCenterCluster /delete /type",
        ),
    ),
    ({"operation": "patch", "source": "R12.4", "to": "R12.4.1"}, "1.2.2.2-9@node-a/site1", ("cjcmksite",)),
]  # fmt: skip


@pytest.mark.parametrize(("case", "key", "printed"), PRINTED, ids=str)
def test_the_lines_of_the_manual_are_shown_with_their_spelling_mended(
    case: dict[str, Any], key: str, printed: tuple[str, ...]
) -> None:
    assert step(plan(**case), key).manual_commands == printed

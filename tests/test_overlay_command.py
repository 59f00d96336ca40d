"""`tejun overlay`: import, list, export, retire from the command line, over a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import application
from app.domain.errors import Invalid, NotFound
from tests.support.cluster_text import CLUSTER

TEXT = "\ufeffschema: 1\r\nname: 自社\r\nclusters: [tokyo-batch]\r\npaths: {spool: /var/spool/nqs}\r\n"


def test_an_overlay_is_imported_listed_exported_and_retired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEJUN_HOME", str(tmp_path / "home"))
    cluster, overlay = tmp_path / "cluster.yaml", tmp_path / "overlay.yaml"
    cluster.write_text(CLUSTER, encoding="utf-8")
    overlay.write_bytes(TEXT.encode())

    def run(*words: str) -> bytes:
        done = CliRunner().invoke(application([words[0]]), words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout_bytes

    with pytest.raises(Invalid, match="no_such_cluster"):
        run("overlay", "import", str(overlay))
    run("cluster", "import", str(cluster))
    assert run("overlay", "import", str(overlay)).startswith(b"v1\t")
    assert "自社\tv1\ttokyo-batch".encode() in run("overlay", "list")
    assert run("overlay", "export", "自社") == TEXT.encode()
    overlay.write_bytes(TEXT.replace("/var/spool", "/srv/spool").encode())
    assert run("overlay", "import", str(overlay)).startswith(b"v2\t")
    assert run("overlay", "export", "自社", "--version", "1") == TEXT.encode()
    run("overlay", "retire", "自社")
    assert b"retired" in run("overlay", "list")
    with pytest.raises(NotFound):
        run("overlay", "export", "other")

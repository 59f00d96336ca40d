"""What `tejun lab` prints of a lab and of its condition, in both languages. Asks nobody."""

from __future__ import annotations

from collections.abc import Iterator

from app.lab.model import Lab, LabStatus


def where(lab: Lab, english: bool) -> str:
    """Where everything of a lab is."""
    title = "the lab is up" if english else "ラボが起動しました"
    reason = f"  {lab.mode} ({lab.mode_reason})"
    lines = [f"{title}: {lab.name}  JobCenter {lab.version}{reason}"]
    for node in lab.nodes:
        ways = f"ssh -i {lab.client_key} -p {node.port} root@{node.address}"
        if lab.platform != "unix":
            ways = f"WinRM https://{node.address}:{node.port}/wsman  Administrator ({lab.password_file})"
        lines.append(f"  {node.name}  {ways}  {node.host_key}")
    if lab.page:
        lines.append(f"  {'page' if english else '画面操作のページ'}: http://127.0.0.1:{lab.page}/")
    lines.append(f"  {'cluster file' if english else 'クラスタファイル'}: {lab.cluster_file}")
    lines.append(
        f"  {'patch on each node' if english else '各ノードのパッチ'}: {lab.patch.file}  sha256 {lab.patch.sha256}"
    )
    if lab.upgrade or lab.platform != "unix":
        lines.append(f"  {'overlay file' if english else 'オーバーレイファイル'}: {lab.overlay_file}")
    if lab.upgrade:
        label = "upgrade on each node" if english else "各ノードのバージョンアップ用パッケージ"
        lines.append(f"  {label}: {lab.upgrade.file}  sha256 {lab.upgrade.sha256}")
    return "\n".join(lines)


_STATES = {"up": "稼働", "booting": "起動中", "crashed": "停止（障害）", "off": "停止"}


def status_lines(found: LabStatus, english: bool) -> Iterator[str]:
    """Its nodes and resources at this moment."""
    lab = found.lab
    assert lab
    yield f"{lab.name}  JobCenter {lab.version}  {lab.mode}  pid {found.pid}"
    for node in found.nodes:
        state = node.state if english else _STATES[node.state]
        standby = "  standby" if node.standby else ""
        sites = ("sites " if english else "サイト ") + (" ".join(node.sites) or "-")
        faults = f"  {'faults' if english else '障害'} {' '.join(node.faults)}" if node.faults else ""
        yield f"  {node.name}  127.0.0.1:{node.port}  {state}{standby}  {sites}  {' '.join(node.packages)}{faults}"
    for one in found.resources:
        unmanaged = "" if one.managed else ("  unmanaged" if english else "  管理外")
        failed = ("  FAILED" if english else "  失敗") if one.failed else ""
        yield f"  {one.id}  {one.role}  {one.node or '-'}{unmanaged}{failed}"

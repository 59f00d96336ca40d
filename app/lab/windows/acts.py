"""What a person does in windows on a node: JobCenter's [サーバの環境設定], the cluster's manager, an installer. Each act is real.

One function an act; `ACTS` names them for the page and for `tejun lab do`. An act that cannot be done says why (LabError).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.lab.model import LabError
from app.lab.windows import packages, paths, product
from app.lab.windows.cluster.errors import ClusterError
from app.lab.windows.cluster.state import OLD_TYPE, SCRIPT, SITE_TYPES
from app.lab.windows.computer import Computer
from app.lab.windows.jobcenter import LOCAL
from app.lab.windows.machine import Machine
from app.lab.windows.refusals import Refusal
from app.lab.windows.registry import MACHINE_ENVIRONMENT, USER_ENVIRONMENT

Values = Mapping[str, str]
MANAGER = "manager"


@dataclass(frozen=True)
class Act:
    """An act: its name, what it is (both languages), the fields that it asks for, and what does it."""

    name: str
    en: str
    ja: str
    fields: tuple[str, ...]
    run: Callable[[Computer, Values], object]


def do(computer: Computer, name: str, values: Values) -> list[str]:
    """Do it: what was done, in English and Japanese. Raises LabError for no such act, a missing field, and a refusal."""
    act = ACTS.get(name)
    if act is None:
        known = ", ".join(ACTS)
        raise LabError(
            f"no act {name!r}; there are {known}", f"操作 {name} はありません（あるのは {known}）。"
        )
    missing = [field for field in act.fields if not values.get(field)]
    if missing:
        raise LabError(f"{name} needs {missing[0]}=…", f"{name} には {missing[0]}=… が必要です。")
    try:
        act.run(computer, values)
    except (Refusal, ClusterError) as refusal:
        raise LabError(f"{name}: {refusal}", f"{name} はできませんでした: {refusal}") from refusal
    return [act.en, act.ja]


def look(machine: Machine) -> dict[str, Any]:
    """What the page and `status` show of a node."""
    edition = machine.jobcenter.edition()
    return {
        "sites": machine.processes.sites(),
        "packages": [f"JobCenter {edition.version}"] if edition else [],
        "services": {one.name: one.state for one in machine.services.all()},
        "windows": sorted(machine.open_windows),
        "files": machine.files.entries(product.PACKAGES),
    }


def hold(machine: Machine, path: str) -> None:
    """A process keeps a file loaded until `let_go`. Raises LabError where there is no such file."""
    place = paths.full(path)
    if machine.files.kind(place) != "file":
        raise LabError(
            f"there is no file {path} on {machine.name}", f"{machine.name} に {path} はありません。"
        )
    image = rf"{product.WINDOWS}\System32\dllhost.exe"
    machine.open_windows[place] = machine.processes.start(image, modules=(place,))


def let_go(machine: Machine) -> None:
    """End every process that `hold` started."""
    for place in [one for one in machine.open_windows if one != MANAGER]:
        machine.processes.end(machine.open_windows.pop(place))


# In JobCenter's window [サーバの環境設定].


def _start_local(computer: Computer, _values: Values) -> None:
    _local(computer, True)


def _stop_local(computer: Computer, _values: Values) -> None:
    _local(computer, False)


def _local(computer: Computer, start: bool) -> None:
    machine = computer.machine
    edition = machine.jobcenter.edition()
    if edition is None:
        raise Refusal(1053, "JobCenter")
    service = machine.services.get(edition.service)
    if (service.state == "Running") != start:
        (machine.services.start if start else machine.services.stop)(service.name)


def _register_site(computer: Computer, values: Values) -> None:
    """[サイトの追加], [既存サイト]: the database is brought to the version that is installed. Not while the site runs here."""
    machine = computer.machine
    running = [site for site in machine.processes.sites() if site != LOCAL]
    if any(values["database"].lower().endswith("\\" + site.lower()) for site in running):
        raise Refusal(32, values["database"])
    machine.jobcenter.upgrade_database(paths.full(values["database"]))


def _passwords(computer: Computer, _values: Values) -> None:
    """[ユーザ]: every password is OK."""
    edition = computer.machine.jobcenter.edition()
    if edition is None:
        raise Refusal(1053, "JobCenter")
    computer.machine.registry.set(rf"{edition.software}\{product.SERVER_KEY}\Users", "Administrator", "OK")


# Windows


def _run_package(computer: Computer, values: Values) -> None:
    """Double-click an installer and answer its windows."""
    name = values["file"]
    path = paths.full(name, product.PACKAGES)
    package = packages.read(computer.machine.files.read(path))
    if package is None:
        raise Refusal(2, name, f"{name} is no installer of the lab")
    code = computer.machine.jobcenter.run(package)
    if code == packages.REBOOT_INITIATED:
        computer.machine.reboot()
    if code not in (packages.SUCCESS, packages.REBOOT_REQUIRED, packages.REBOOT_INITIATED):
        raise Refusal(5, name, f"the installer ended with {code}")


def _unset_nqs_site(computer: Computer, _values: Values) -> None:
    for place in (MACHINE_ENVIRONMENT, USER_ENVIRONMENT):
        computer.machine.registry.unset(place, "NQS_SITE")


def _restart(computer: Computer, _values: Values) -> None:
    computer.machine.reboot()


def _save(computer: Computer, values: Values) -> None:
    """Copy JobCenter's data to a folder of the saves: its own, or (with `database`) a site's below nqs-cluster."""
    files = computer.machine.files
    database = values.get("database", "")
    source = paths.full(database) if database else rf"{product.INSTALL}\ins"
    below = rf"nqs-cluster\{paths.name(source)}" if database else "nqs-local"
    target = rf"{product.SAVES}\{below}"
    files.make_folder(target)
    for name in files.entries(source):
        if files.kind(paths.join(source, name)) == "file":
            files.copy(paths.join(source, name), paths.join(target, name), overwrite=True)


def _write(computer: Computer, values: Values) -> None:
    """Write a text file with an editor; `|` in the text ends a line."""
    lines = values.get("text", "").split("|")
    computer.machine.files.make_folder(paths.parent(paths.full(values["file"])))
    text = "\r\n".join(lines) + "\r\n" if values.get("text") else ""
    computer.machine.files.write(paths.full(values["file"]), text.encode("cp932", "replace"))


def _place_script(computer: Computer, values: Values) -> None:
    source = rf"{product.INSTALL}\ins\{product.SCRIPT}"
    computer.machine.files.copy(
        source, paths.join(paths.full(values["folder"]), product.SCRIPT), overwrite=True
    )


# the cluster's manager


def _open_manager(computer: Computer, _values: Values) -> None:
    """Failover Cluster Manager: it has loaded the extension, where there is one."""
    machine = computer.machine
    dll = rf"{product.WINDOWS}\cluster\{product.RESOURCE_DLLS[1]}"
    if MANAGER not in machine.open_windows:
        image = rf"{product.WINDOWS}\System32\mmc.exe"
        machine.open_windows[MANAGER] = machine.processes.start(image, modules=(dll,))


def _close_manager(computer: Computer, _values: Values) -> None:
    window = computer.machine.open_windows.pop(MANAGER, None)
    if window:
        computer.machine.processes.end(window)


def _site_resource(computer: Computer, site: str) -> str:
    """The name of the one resource of that site. Raises ClusterError 5007."""
    for name, one in computer.machine.cluster("see")["resources"].items():
        if one["type"] in SITE_TYPES and one["parameters"].get("SiteName", "").lower() == site.lower():
            return str(name)
    raise ClusterError(5007, f"({site})")


def _on_site(verb: str) -> Callable[[Computer, Values], object]:
    return lambda computer, values: computer.machine.cluster(
        verb, name=_site_resource(computer, values["site"])
    )


def _create_resource(computer: Computer, values: Values) -> None:
    """A generic script (or, with type=, another one) for a site, dependent on the group's disk and network name."""
    ask, group = computer.machine.cluster, values["group"]
    name, database = f"JobCenter-{values['site']}", values["database"]
    ask("add-resource", name=name, kind=values.get("type") or SCRIPT, group=group)
    script = paths.join(paths.parent(paths.full(database)), product.SCRIPT)
    parameters = {"ScriptFilePath": script, "SiteName": values["site"], "DBPath": database}
    ask("set-parameters", name=name, values=parameters)
    needed = [
        one["name"] for one in ask("see")["resources"].values()
        if one["group"].lower() == group.lower() and one["type"] in ("Physical Disk", "Network Name")
    ]  # fmt: skip
    ask("set-dependencies", name=name, others=needed)


def _register_type(computer: Computer, _values: Values) -> None:
    """The old resource type and its extension, from the DLLs that are there."""
    machine = computer.machine
    for name in product.RESOURCE_DLLS:
        machine.files.length(rf"{product.WINDOWS}\cluster\{name}")
    machine.cluster("add-type", name=OLD_TYPE)
    machine.cluster("add-extension", dll=product.RESOURCE_DLLS[1])


def _monitors(suspended: bool) -> Callable[[Computer, Values], object]:
    return lambda computer, values: computer.machine.cluster(
        "suspend-monitors", group=values["group"], suspended=suspended
    )


def _pause(paused: bool) -> Callable[[Computer, Values], object]:
    return lambda computer, values: computer.machine.cluster("pause", node=values["node"], paused=paused)


def _service(start: bool) -> Callable[[Computer, Values], object]:
    return lambda computer, _values: computer.machine.service(start)


def _move(computer: Computer, values: Values) -> None:
    computer.machine.cluster("move", name=values["group"], node=values["node"])


_ALL = (
    Act("start-local", "the local site is started", "ローカルサイトを開始", (), _start_local),
    Act("stop-local", "the local site is stopped", "ローカルサイトを停止", (), _stop_local),
    Act("register-site", "the existing site is added", "既存サイトを追加", ("database",), _register_site),
    Act("passwords", "every user's password is OK", "全ユーザのパスワードを登録", (), _passwords),
    Act("run-package", "the installer has ended well", "インストーラーを実行", ("file",), _run_package),
    Act("save", "the data is saved", "データを退避", (), _save),
    Act("write", "the file is written", "ファイルを作成", ("file",), _write),
    Act("place-script", "the start script is in place", "起動スクリプトを配置", ("folder",), _place_script),
    Act("unset-nqs-site", "NQS_SITE is set nowhere", "NQS_SITE の設定を削除", (), _unset_nqs_site),
    Act("restart", "the node restarts", "ノードを再起動", (), _restart),
    Act("open-manager", "the cluster's manager is open", "クラスタの管理画面を開く", (), _open_manager),
    Act("close-manager", "the cluster's manager is closed", "クラスタの管理画面を閉じる", (), _close_manager),
    Act("offline", "the site's resource is offline", "サイトのリソースをオフライン", ("site",), _on_site("offline")),
    Act("online", "the site's resource is online", "サイトのリソースをオンライン", ("site",), _on_site("online")),
    Act("delete-resource", "the site's resource is deleted", "サイトのリソースを削除", ("site",), _on_site("remove-resource")),
    Act(
        "create-resource", "the site's resource is added", "サイトのリソースを追加", ("site", "group", "database"),
        _create_resource,
    ),
    Act("register-type", "the resource type is registered", "リソースの種類を登録", (), _register_type),
    Act("suspend-monitors", "the group's monitors are suspended", "グループの監視を停止", ("group",), _monitors(True)),
    Act("resume-monitors", "the group's monitors are resumed", "グループの監視を再開", ("group",), _monitors(False)),
    Act("pause", "the node is paused", "ノードを一時停止", ("node",), _pause(True)),
    Act("resume", "the node is resumed", "ノードを再開", ("node",), _pause(False)),
    Act("start-cluster", "the node's cluster service is started", "クラスタサービスを開始", (), _service(True)),
    Act("stop-cluster", "the node's cluster service is stopped", "クラスタサービスを停止", (), _service(False)),
    Act("move", "the group is moved", "グループを移動", ("group", "node"), _move),
)  # fmt: skip
ACTS = {act.name: act for act in _ALL}

"""What a client can read of the node's limits, and that they hold."""

from __future__ import annotations

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
import requests
from pypsrp.exceptions import WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, WinRS
from pypsrp.wsman import SelectorSet, WSMan

from app.lab.winrm import Configuration, Endpoint, Quotas
from tests.support.winrm import PASSWORD, USER, Clients

CONFIG = "{http://schemas.microsoft.com/wbem/wsman/1/config}"


@pytest.fixture
def configuration() -> Configuration:
    quotas = Quotas(
        max_shells_per_user=2,
        max_concurrent_commands_per_shell=3,
        max_memory_per_shell_mb=300,
        idle_timeout=600,
    )
    return Configuration(quotas=quotas)


@pytest.fixture
def wsman(clients: Clients) -> Iterator[WSMan]:
    with clients.wsman() as wsman:
        yield wsman


def test_the_configuration_tells_the_quotas(wsman: WSMan) -> None:
    told: ET.Element = wsman.get_server_config()
    found = {each.tag.removeprefix(CONFIG): each.text for each in told.iter()}
    assert (found["MaxShellsPerUser"], found["MaxMemoryPerShellMB"]) == ("2", "300")
    assert (found["MaxEnvelopeSizekb"], found["IdleTimeout"], found["AllowUnencrypted"]) == (
        "500",
        "600000",
        "false",
    )
    assert "MaxConcurrentCommandsPerShell" not in found, "on Windows it is the plug-in's"


def test_the_plug_in_tells_how_many_commands_a_shell_may_keep(wsman: WSMan) -> None:
    selectors = SelectorSet()
    selectors.add_option("Name", "microsoft.powershell")
    told = wsman.get(f"{CONFIG.strip('{}')}/plugin", selector_set=selectors)
    (quotas,) = [each for each in told.iter() if each.tag.endswith("}Quotas")]
    assert quotas.get("MaxConcurrentCommandsPerShell") == "3"


def test_the_shells_of_a_user_are_counted(clients: Clients, wsman: WSMan) -> None:
    with WinRS(wsman), WinRS(wsman):
        with pytest.raises(WSManFaultError, match="maximum number of 2 concurrent shells") as refused:
            WinRS(wsman).open()
        assert refused.value.code == 2150859173
        with clients.wsman(username="other", password="other words") as another, WinRS(another):
            pass
    with WinRS(wsman):
        pass


def test_commands_that_are_not_let_go_of_are_counted(wsman: WSMan) -> None:
    with RunspacePool(wsman) as pool:
        for _ in range(3):
            PowerShell(pool).add_script("echo kept").invoke()
        with pytest.raises(WSManFaultError, match="concurrent commands per shell") as refused:
            PowerShell(pool).add_script("echo one too many").invoke()
        assert refused.value.code == "w:InternalError", "Windows gives this one no number"


def test_leaked_shells_can_be_found_by_name_and_deleted(wsman: WSMan) -> None:
    leaked = WinRS(wsman, name="ours")
    leaked.open()
    (found,) = RunspacePool.get_runspace_pools(wsman)
    state = found.shell.wsman.get(
        "http://schemas.microsoft.com/wbem/wsman/1/windows/shell", selector_set=leaked._selector_set
    )
    told = {each.tag.rpartition("}")[2]: each.text for each in state.iter()}
    assert (told["Name"], told["Owner"], told["ClientIP"]) == ("ours", USER, "127.0.0.1")
    leaked.close()
    assert RunspacePool.get_runspace_pools(wsman) == []


def test_a_shell_that_is_idle_for_too_long_is_gone(wsman: WSMan) -> None:
    shell = WinRS(wsman, idle_time_out=0.4)
    shell.open()
    assert shell.idle_time_out == "PT0.400S"
    time.sleep(0.5)
    with pytest.raises(WSManFaultError) as lost:
        Process(shell, "exit", ["0"]).begin_invoke()
    assert lost.value.code == 2150858843


def test_nothing_to_say_in_time_is_a_fault_that_clients_know(wsman: WSMan) -> None:
    with WinRS(wsman) as shell:
        process = Process(shell, "spin")
        process.begin_invoke()
        with pytest.raises(WSManFaultError) as timed_out:
            shell.receive("stdout stderr", process.id, timeout=1)
        assert timed_out.value.code == 2150858793


@pytest.mark.parametrize(
    ("action", "resource", "why"),
    [
        ("http://schemas.xmlsoap.org/ws/2004/09/transfer/Put", "winrm/config", "the action"),
        ("http://schemas.xmlsoap.org/ws/2004/09/transfer/Create", "winrm/shell/strange", "is missing"),
        (
            "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate",
            "wmicimv2/Win32_Service",
            "the enumeration",
        ),
    ],
)
def test_what_the_lab_does_not_know_it_refuses(wsman: WSMan, action: str, resource: str, why: str) -> None:
    with pytest.raises(WSManFaultError, match=why):
        wsman.invoke(action, resource, None)


@pytest.mark.parametrize("body", [b"not xml", b"<a/>", "<ü".encode()])
def test_a_body_that_is_no_message_is_a_fault(endpoint: Endpoint, clients: Clients, body: bytes) -> None:
    answer = requests.post(
        f"https://127.0.0.1:{endpoint.https_port}/wsman",
        data=body,
        auth=(USER, PASSWORD.encode()),
        verify=str(clients.ca),
        timeout=5,
    )
    assert answer.status_code == 500
    assert b"SchemaValidationError" in answer.content


@pytest.mark.parametrize(("path", "status"), [("/", 404), ("/wsman/other", 404), ("/wsman", 405)])
def test_other_addresses_and_verbs_are_not_served(endpoint: Endpoint, path: str, status: int) -> None:
    url = f"http://127.0.0.1:{endpoint.http_port}{path}"
    answer = requests.get(url, timeout=5) if status == 405 else requests.post(url, data=b"", timeout=5)
    assert answer.status_code == status

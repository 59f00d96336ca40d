"""What is handed to administrators fits the program: commands, options, settings, paths. No container engine runs here:
Dockerfile and docker-compose.yml are checked for their form and for what they refer to, not by building them."""

from __future__ import annotations

import configparser
import fnmatch
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from jsonschema import Draft202012Validator

from app.cli import application
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
UNIT_FILE = ROOT / "docs" / "deploy" / "tejun.service"
WORDS = {"type": "array", "items": {"type": "string"}}
NAMED = {"type": "object", "additionalProperties": {"type": ["object", "null"]}}
# the part of the compose specification that the file uses
COMPOSE_FORM = {
    "type": "object",
    "required": ["services"],
    "additionalProperties": False,
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "volumes": NAMED,
        "secrets": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {"file": {"type": "string", "pattern": "^\\./"}},
            },
        },
        "services": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["image"],
                "additionalProperties": False,
                "properties": {
                    "image": {"type": "string"},
                    "build": {"type": "string"},
                    "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
                    "init": {"type": "boolean"},
                    "read_only": {"type": "boolean"},
                    "tmpfs": WORDS,
                    "cap_drop": WORDS,
                    "security_opt": WORDS,
                    "secrets": WORDS,
                    "command": WORDS,
                    "profiles": WORDS,
                    "volumes": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+:/"}},
                    "ports": {
                        "type": "array",
                        "items": {"type": "string", "pattern": "^127\\.0\\.0\\.1:\\d+:\\d+$"},
                    },
                    "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                    "network_mode": {"type": "string", "pattern": "^service:"},
                    "stop_grace_period": {"type": "string", "pattern": "^\\d+s$"},
                    "deploy": {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {"replicas": {"type": "string", "pattern": "^\\$\\{[A-Z]+:-\\d+\\}$"}},
                    },
                    "depends_on": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["condition"],
                            "properties": {
                                "condition": {"enum": ["service_healthy", "service_completed_successfully"]}
                            },
                        },
                    },
                    "healthcheck": {
                        "type": "object",
                        "required": ["test"],
                        "additionalProperties": False,
                        "properties": {
                            "test": WORDS,
                            "retries": {"type": "integer"},
                            **{
                                k: {"type": "string", "pattern": "^\\d+s$"}
                                for k in ("interval", "timeout", "start_period")
                            },
                        },
                    },
                },
            },
        },
    },
}
OURS = sorted(key for key, service in SERVICES.items() if service["image"] == "tejun")


def parse(arguments: list[str]) -> None:
    """Parse a command line of `tejun` to the last option without running it; raises a usage error or KeyError for a wrong one."""
    command: Any = typer.main.get_command(application([]))
    words = list(arguments)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    command.make_context("tejun", words).close()


def setting(variable: str) -> bool:
    """Whether the program knows an environment variable."""
    return variable == "PGPASSFILE" or variable.removeprefix("TEJUN_").lower() in Settings.model_fields


def test_the_compose_file_has_the_form_of_the_specification() -> None:
    Draft202012Validator.check_schema(COMPOSE_FORM)
    assert [
        f"{each.json_path}: {each.message}"
        for each in Draft202012Validator(COMPOSE_FORM).iter_errors(COMPOSE)
    ] == []


def test_the_compose_file_has_every_role() -> None:
    assert set(SERVICES) == {"database", "migrate", "web", "worker", "lab"}
    assert [key for key in ("database", "web") if "healthcheck" not in SERVICES[key]] == []


@pytest.mark.parametrize("key", OURS)
def test_a_service_runs_a_command_that_the_program_has(key: str) -> None:
    parse(SERVICES[key]["command"])


@pytest.mark.parametrize("key", OURS)
def test_a_service_sets_only_what_the_program_reads(key: str) -> None:
    assert [variable for variable in SERVICES[key]["environment"] if not setting(variable)] == []


@pytest.mark.parametrize("key", sorted(SERVICES))
def test_a_service_refers_to_what_the_file_defines(key: str) -> None:
    service = SERVICES[key]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert service.get("network_mode", "service:web").removeprefix("service:") in SERVICES


def test_secrets_are_files_that_git_ignores() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    folders = {"/" + str(Path(secret["file"]).parent) + "/" for secret in COMPOSE["secrets"].values()}
    assert folders <= set(ignored)
    assert "assword=" not in json.dumps(COMPOSE)
    assert not re.search(r"://[^@/]*:[^@/]*@", json.dumps(COMPOSE))


def test_the_image_copies_what_exists_and_what_the_context_holds() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    held = [line.removeprefix("!") for line in lines if line.startswith("!")]
    for copied in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in shlex.split(copied)[:-1]:
            assert (ROOT / source).exists(), source
            assert any(fnmatch.fnmatch(str(Path(source)), pattern) for pattern in held), source


def test_the_image_runs_the_same_program_without_root() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    [entry] = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    [arguments] = re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(entry) == list(scripts)
    parse(json.loads(arguments))
    final = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.findall(r"^USER (\S+)$", final, re.MULTILINE) == ["tejun"]
    assert [variable for variable in re.findall(r"\b(TEJUN_\w+)=", DOCKERFILE) if not setting(variable)] == []


def test_the_systemd_unit_starts_the_program_that_exists() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(UNIT_FILE, encoding="utf-8")
    service = unit["Service"]
    for line in (service["ExecStartPre"], service["ExecStart"]):
        program, *arguments = shlex.split(line)
        assert program == "/opt/tejun/.venv/bin/tejun"
        parse(arguments)
    variables = [pair.split("=")[0] for pair in service["Environment"].split()]
    assert [variable for variable in variables if not setting(variable)] == []
    assert service["User"] == "tejun"


@pytest.mark.parametrize("page", ["closed-network.md", "closed-network.en.md"])
def test_the_administrators_page_names_commands_and_settings_that_exist(page: str) -> None:
    text = (ROOT / "docs" / "deploy" / page).read_text(encoding="utf-8")
    assert [variable for variable in re.findall(r"\bTEJUN_[A-Z_]+\b", text) if not setting(variable)] == []
    for line in re.findall(r"`tejun ([a-z ]+)`|\btejun (user add [^#\n]+)", text):
        parse("".join(line).split())
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) <= set(targets)


def test_the_administrators_page_says_the_same_in_both_languages() -> None:
    ja, en = (
        (ROOT / "docs" / "deploy" / page).read_text(encoding="utf-8")
        for page in ("closed-network.md", "closed-network.en.md")
    )
    blocks = [
        re.sub(r"#.*", "", "".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))) for text in (ja, en)
    ]
    assert [line.rstrip() for line in blocks[0].splitlines()] == [
        line.rstrip() for line in blocks[1].splitlines()
    ]
    assert ja.count("\n## ") == en.count("\n## ")


@pytest.mark.parametrize("wrong", [["serve", "--nowhere"], ["serve", "--port", "many"], ["work"]])
def test_a_wrong_command_line_would_be_seen(wrong: list[str]) -> None:
    with pytest.raises((typer.BadParameter.__base__, KeyError)):
        parse(wrong)

"""The house rules that no tool checks: sizes, docstrings, words, the pure domain, nothing of one machine in the repository."""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path for folder in ("app", "tests", "migrations") for path in (ROOT / folder).rglob("*.py"))
WRITTEN = [
    path for path in MODULES if path.parent != ROOT / "migrations" / "versions"
]  # Alembic writes those
PRODUCT = [path for path in MODULES if path.is_relative_to(ROOT / "app")]
NOT_OURS = {".git", ".venv", ".cache", "node_modules", "vendor", "__pycache__"}
MADE_AT_THE_TOP = {"dist", "var"}
TOOL_FOLDERS = re.compile(r"\.(mypy|ruff|pytest|hypothesis|import_linter)(_cache)?$|\.egg-info$")

MODULE_LINES = 300
FUNCTION_STATEMENTS = 25
# of definitions; what a word of another trade is part of may stay (a host key is SSH's word, a virtual host the cluster file's, a
# script host Windows')
FORBIDDEN_WORDS = {"job", "jobs", "task", "tasks", "host", "hosts", "runbook", "runbooks", "utils"}
FORBIDDEN_EXCEPT = {
    ("host", "key"),
    ("host", "keys"),
    ("host", "public"),
    ("virtual", "host"),
    ("virtual", "hosts"),
    ("scheduled", "task"),
    ("script", "host"),
}
DOMAIN_MAY_IMPORT = sys.stdlib_module_names | {"pydantic", "pydantic_core", "typing_extensions"}


def name(path: Path) -> str:
    """A path as the tests show it."""
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    """A module's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def files() -> Iterator[Path]:
    """Every file of the repository that `make` did not make."""
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        made = parts[0] in MADE_AT_THE_TOP or any(
            part in NOT_OURS or TOOL_FOLDERS.search(part) for part in parts
        )
        if path.is_file() and not made:
            yield path


def statements(function: ast.AST) -> int:
    """Statements of a function's body; functions and classes within count on their own."""
    count = 0
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            count += 1
            continue
        words = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
        count += (isinstance(child, ast.stmt) and not words) + statements(child)
    return count


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_a_module_is_short_and_says_what_it_owns(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES, f"{name(path)} has {lines} lines"
    assert ast.get_docstring(tree(path)), f"{name(path)} has no docstring"


@pytest.mark.parametrize("path", WRITTEN, ids=name)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    functions = [
        node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    long = {node.name: statements(node) for node in functions if statements(node) > FUNCTION_STATEMENTS}
    assert not long


@pytest.mark.parametrize("path", PRODUCT, ids=name)
def test_words_are_those_of_the_product(path: Path) -> None:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    names = [path.stem, *(node.name for node in ast.walk(tree(path)) if isinstance(node, kinds))]
    assert [each for each in names if forbidden(each)] == []


def forbidden(identifier: str) -> bool:
    """Whether an identifier contains a word that the product does not use."""
    words = [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)]
    allowed = {word for pair in pairwise(words) if pair in FORBIDDEN_EXCEPT for word in pair}
    return bool(FORBIDDEN_WORDS & set(words) - allowed)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("JobRecord", True),
        ("run_task", True),
        ("add_host", True),
        ("HostKey", False),
        ("JobCenter", True),
        ("hostname", False),
    ],
)
def test_a_forbidden_word_is_found(identifier: str, expected: bool) -> None:
    assert forbidden(identifier) is expected


def test_the_domain_imports_the_standard_library_and_pydantic_alone() -> None:
    imported = {
        (name(path), module)
        for path in (ROOT / "app" / "domain").rglob("*.py")
        for module in imports(tree(path))
        if module.split(".")[0] not in DOMAIN_MAY_IMPORT and not module.startswith("app.domain")
    }
    assert imported == set()


def imports(module: ast.Module) -> Iterator[str]:
    """Absolute names of what a module imports."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute"
            yield node.module or ""


def test_everything_is_caught_at_one_place_of_the_engine_at_most() -> None:
    places = [
        f"{name(path)}:{node.lineno}"
        for path in PRODUCT
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
    ]
    assert len(places) <= 1
    assert all(place.startswith("app/engine/") for place in places)


def catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes Exception, BaseException or anything at all."""
    if handler.type is None:
        return True
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"} for kind in caught)


def test_nothing_of_one_machine_is_in_the_repository() -> None:
    # assembled, so that this file does not contain what it looks for
    addresses = [
        "registry.npmjs" + ".org",
        "pypi" + ".org/simple",
        "files.pythonhosted" + ".org",
        "file:///" + "opt",
    ]
    paths = [str(ROOT) + "/", "/work/" + "main", "/work/" + "shared"]
    found = [
        (name(path), text)
        for path in files()
        for text in (*addresses, *paths)
        if text.encode() in path.read_bytes()
    ]
    assert found == []


def test_nothing_is_left_to_do_later() -> None:
    mark = re.compile(rb"\b(TO" + rb"DO|FIX" + rb"ME|XX" + rb"X)\b")
    assert [name(path) for path in files() if mark.search(path.read_bytes())] == []


@pytest.mark.parametrize(
    "lock",
    [
        "requirements.lock",
        "docs/deploy/requirements-kerberos.lock",
        "docs/deploy/requirements-kerberos-build.lock",
    ],
)
def test_the_python_lock_holds_hashes_and_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^--", text, re.MULTILINE)
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_production_installs_a_part_of_the_same_lock() -> None:
    whole, part = (
        set(
            re.split(
                r"\n(?=[A-Za-z0-9])",
                (ROOT / folder / "requirements.lock").read_text(encoding="utf-8").strip(),
            )
        )
        for folder in (".", "docs/deploy")
    )
    assert part - whole == set(), "make lock"


def test_the_python_lock_covers_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = set(
        re.findall(
            r"^([A-Za-z0-9._-]+)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["dev"]]
    plain = {re.split(r"[\[<>=~!; ]", line)[0].lower().replace("_", "-") for line in wanted}
    assert plain - {entry.lower() for entry in locked} == set()
    for extra in ("kerberos", "kerberos-build"):
        text = (ROOT / "docs" / "deploy" / f"requirements-{extra}.lock").read_text(encoding="utf-8")
        found = set(re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE))
        assert {re.split(r"[<>=~!; ]", line)[0] for line in extras[extra]} - found == set(), "make lock"


def test_the_npm_lock_holds_digests_and_no_addresses() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    fetched = {key: package for key, package in packages.items() if key}
    assert [key for key, package in fetched.items() if "resolved" in package] == []
    assert [key for key, package in fetched.items() if not package["integrity"].startswith("sha512-")] == []


def test_npm_packages_are_pinned_exactly() -> None:
    asked = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    versions = {**asked["dependencies"], **asked["devDependencies"]}
    assert {
        key: version for key, version in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", version)
    } == {}


def test_what_lies_at_the_top_is_what_every_repository_has() -> None:
    expected = {
        ".ci",
        ".dockerignore",
        ".gitignore",
        ".npmrc",
        "CHANGELOG.md",
        "Dockerfile",
        "Makefile",
        "README.md",
        "app",
    }
    expected |= {
        "docker-compose.yml",
        "docs",
        "migrations",
        "package-lock.json",
        "package.json",
        "pyproject.toml",
    }
    expected |= {"requirements.lock", "static", "templates", "tests"}
    there = {path.relative_to(ROOT).parts[0] for path in files()}
    assert there - expected - {"LICENSE", "alembic.ini"} == set()

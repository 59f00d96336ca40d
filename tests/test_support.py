"""The test equipment itself: both kinds of database are fresh for every test, the browser draws Japanese, CI refuses skips."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa
from playwright.async_api import Page
from sqlalchemy.ext.asyncio import create_async_engine

from tests.support.browser import ROOT, axe_violations
from tests.support.postgres import PostgresServer


async def test_a_database_is_fresh_and_holds_the_tables(database_url: str) -> None:
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        tables = await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names())
        await connection.execute(sa.text("create table left_behind (x integer)"))
    await engine.dispose()
    assert "audit_event" in tables
    assert "left_behind" not in tables


async def test_an_empty_database_is_empty(empty_database_url: str) -> None:
    engine = create_async_engine(empty_database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()) == []
    await engine.dispose()


def test_a_killed_postgres_keeps_what_was_committed(postgres_server: PostgresServer) -> None:
    name = postgres_server.create()
    engine = sa.create_engine(postgres_server.url(name))
    with engine.begin() as connection:
        connection.execute(sa.text("create table kept as select 1 as x"))
    engine.dispose()
    postgres_server.kill()
    postgres_server.start()
    with engine.connect() as connection:
        assert connection.scalar(sa.text("select x from kept")) == 1
    engine.dispose()
    postgres_server.drop(name)


async def test_the_browser_draws_japanese(page: Page) -> None:
    await page.set_content(
        "<!doctype html><html lang=ja><title>手順</title><main><h1>待機系ノードを更新します</h1></main>"
    )
    same = await page.evaluate(
        """() => {
            const pixels = text => {
                const canvas = Object.assign(document.createElement('canvas'), {width: 40, height: 40});
                const context = canvas.getContext('2d');
                context.font = '32px sans-serif';
                context.fillText(text, 2, 34);
                return canvas.toDataURL();
            };
            return pixels('稼') === pixels('待');
        }"""
    )
    assert not same, "the font has no Japanese: two characters are drawn as the same box"
    assert await axe_violations(page) == []


async def test_axe_finds_an_unlabelled_field(page: Page) -> None:
    await page.set_content(
        "<!doctype html><html lang=ja><title>手順</title><main><h1>確認</h1><input></main>"
    )
    assert await axe_violations(page) == ["label: input"]


def test_a_skip_fails_in_ci_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text("import pytest\ndef test_one(): pytest.skip('no reason')\n")
    (tmp_path / "test_two.py").write_text("import pytest\npytest.skip('none', allow_module_level=True)\n")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        ROOT / "pyproject.toml",
        "--rootdir",
        tmp_path,
        "-p",
        "tests.conftest",
        tmp_path,
    ]
    env = {key: value for key, value in os.environ.items() if key != "CI"}
    alone = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert "2 skipped" in alone.stdout, alone.stdout
    in_ci = subprocess.run(
        command, cwd=ROOT, env={**env, "CI": "true"}, capture_output=True, text=True, check=False
    )
    assert in_ci.returncode != 0
    assert "skipped in CI" in in_ci.stdout, in_ci.stdout

"""`tejun node check`: the connection doctor on the command line. Asks the nodes read-only questions; stores nothing.

Exit status: 0 nothing failed, 1 something did, 2 bad input.
"""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import typer

from app.cli_plan import Languages, language_of
from app.domain.cluster import Cluster
from app.domain.doctor import SIGNS, Examination, Finding, Verdict
from app.domain.errors import Invalid
from app.domain.text import Language, Text
from app.main import Console, clock
from app.models.clusters import cluster_named
from app.nodes.doctor import examine
from app.settings import Settings

SCHEMA = 1
node_app = typer.Typer(no_args_is_help=True, help="ノードとの接続 / connections to nodes")


@node_app.callback()
def node() -> None:
    """ノードとの接続 / connections to nodes"""


@node_app.command("check")
def node_check(
    cluster: Annotated[str, typer.Argument(help="登録済みクラスタの名前 / name of a stored cluster")],
    name: Annotated[
        str | None, typer.Argument(metavar="[NODE]", help="ノード（省略時はすべて） / node (all if left out)")
    ] = None,
    lang: Annotated[Languages | None, typer.Option(help="表示の言語 / language of the output")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON で出力 / print a JSON object")] = False,
) -> None:
    """ノードとの接続を項目ごとに診断します（読み取りのみ。ノードも記録も変更しません）。

    Examine the connection to the nodes line by line (read-only: neither the nodes nor the records are changed).
    """
    language = language_of(lang)
    try:
        found = asyncio.run(_examine(cluster, name))
    except Invalid as no:
        typer.echo(no.message.in_(language), err=True)
        raise typer.Exit(2) from None
    if as_json:
        told = {"schema": SCHEMA, "cluster": cluster, "nodes": [_as_json(each) for each in found]}
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2).encode("utf-8"))
    else:
        typer.echo("\n\n".join("\n".join(lines(each, language)) for each in found).encode("utf-8"))
    raise typer.Exit(1 if any(each.verdict == "fail" for each in found) else 0)


async def _examine(name: str, node_name: str | None) -> list[Examination]:
    console = Console(Settings().model_copy(update={"worker": "none"}))
    await console.prepare()
    try:
        async with console.database.reading() as db:
            record = await cluster_named(db, name)
        if record is None:
            raise Invalid(
                "no_such_cluster",
                f"クラスタ「{name}」は登録されていません。`tejun cluster list` で確認してください。",
                f"There is no cluster “{name}” here; `tejun cluster list` shows those there are.",
            )
        nodes = [node for node in record.cluster.nodes if node_name in (None, node.name)]
        if not nodes:
            raise _no_node(record.cluster, node_name or "")
        targets = await console.targets.of_cluster(record.id)
        asked = (examine(targets[node.name], node, record.cluster, clock) for node in nodes)
        return [each.examination for each in await asyncio.gather(*asked)]
    finally:
        await console.stop()


def _no_node(cluster: Cluster, name: str) -> Invalid:
    known = ", ".join(node.name for node in cluster.nodes)
    return Invalid(
        "no_such_node",
        f"クラスタ「{cluster.name}」にノード「{name}」はありません（{known}）。",
        f"Cluster “{cluster.name}” has no node “{name}” ({known}).",
    )


def lines(found: Examination, language: Language) -> list[str]:
    """An examination as text, a line each, and below it what to do."""
    told = [f"{found.node}: {_sign(found.verdict, language)}"]
    for each in found.findings:
        told.append(
            f"  {_sign(each.verdict, language)}  {each.title.in_(language)}: {each.found.in_(language)}"
        )
        if each.advice:
            told.append(f"      → {each.advice.in_(language)}")
    return told


def _sign(verdict: Verdict, language: Language) -> str:
    sign, _, word = SIGNS[verdict]
    return f"{sign} {word.in_(language)}"


def _as_json(found: Examination) -> dict[str, Any]:
    return {"node": found.node, "verdict": found.verdict, "lines": [_line(each) for each in found.findings]}


def _line(each: Finding) -> dict[str, Any]:
    both: dict[str, Text | None] = {"title": each.title, "found": each.found, "advice": each.advice}
    texts = {key: text.model_dump() if text else None for key, text in both.items()}
    return {"line": each.line, "verdict": each.verdict, **texts}

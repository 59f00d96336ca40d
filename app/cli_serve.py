"""`tejun serve`, `tejun worker`, `tejun migrate`: starting and stopping a process of the console."""

from __future__ import annotations

import asyncio
import signal
import socket
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from fastapi import FastAPI

from app.actions.clusters import accept_host_key, add_cluster, offer_host_key
from app.actions.overlays import import_overlay
from app.domain.cluster import Cluster
from app.domain.errors import Refused
from app.lab import Lab, up
from app.logs import configure_logs
from app.main import DEMO_ACCOUNTS, Console, demo_password
from app.models.clusters import cluster_named
from app.nodes import Credential, offered_key
from app.procedures.clusterfile import load_cluster
from app.settings import Settings
from app.targets import DEFAULT_CREDENTIAL
from app.web.services import Services


class Server(uvicorn.Server):
    """uvicorn, but open streams are told to end as soon as the signal arrives: Ctrl-C does not wait for a browser."""

    def __init__(self, web: FastAPI, settings: Settings) -> None:
        super().__init__(
            uvicorn.Config(
                web, host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=3
            )
        )
        self._services: Services = web.state.services
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Greet once it really listens."""
        await super().startup(sockets)
        if self.started:
            greet(self._settings)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's signature
        """End the streams and the server; a second signal does not wait. Not raised again afterwards: ending is no error."""
        self._services.stop()
        self.force_exit = self.should_exit
        self.should_exit = True


def serve_command(
    host: Annotated[str | None, typer.Option(help="待ち受けるアドレス / address to listen on")] = None,
    port: Annotated[int | None, typer.Option(help="待ち受けるポート / port to listen on")] = None,
    demo: Annotated[
        bool, typer.Option(help="デモ環境（模擬クラスタとデモ用アカウント） / demo lab and accounts")
    ] = False,
) -> None:
    """コンソールを起動します。 Start the console.

    --demo を付けると、模擬クラスタを起動し、デモ用アカウントを用意します（ループバックのみ）。
    With --demo it also starts the simulated cluster and prepares demo accounts (loopback only).
    """
    settings = Settings()
    changes = {"host": host, "port": port, "demo": demo or None}
    settings = settings.model_copy(update={k: v for k, v in changes.items() if v is not None})
    configure_logs(settings.log_json)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    require_free_port(settings)
    credentials: dict[str, Credential] = {}
    demo_inputs: dict[str, tuple[str, str]] = {}
    lab = await asyncio.to_thread(up, settings.lab) if settings.demo else None
    if lab is not None:
        credentials |= lab_credentials(lab)
        demo_inputs[lab.name] = (lab.nodes[0].patch, lab.patch.sha256)
    console = Console(settings, credentials)
    if lab is not None or console.database.is_sqlite:
        await console.prepare()
    if lab is not None:
        await console.add_demo_accounts()
        await add_lab_cluster(console, lab)
    await console.start()
    try:
        await Server(console.web(demo_inputs), settings).serve()
    finally:
        await console.stop()
    if settings.demo:
        print("\n  模擬クラスタは動き続けます。止めるには: tejun lab down", flush=True)
        print("  The simulated cluster goes on running. To end it: tejun lab down\n", flush=True)


def require_free_port(settings: Settings) -> None:
    """Refuse where something else listens already; found before the lab and the database are touched."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as no:
            raise Refused(
                "port_in_use",
                f"{settings.host}:{settings.port} で待ち受けできません（{no.strerror}）。"
                "別のポートを指定してください（例: make run PORT=9000）。",
                f"Cannot listen on {settings.host}:{settings.port} ({no.strerror}). "
                "Choose another port, for example make run PORT=9000.",
            ) from None


def greet(settings: Settings) -> None:
    """Print the address and, for the demonstration, the accounts."""
    address = f"http://{settings.host}:{settings.port}"
    print(f"\n  手順 Tejun  {address}\n", flush=True)
    if settings.demo:
        print("  デモ用アカウント / demo accounts (name / password):", flush=True)
        for name, (display_name, _) in DEMO_ACCOUNTS.items():
            print(f"    {name:<10} {demo_password(name):<16} {display_name}", flush=True)
    print("\n  Ctrl-C で終了します。 Ctrl-C ends it.\n", flush=True)


def lab_credentials(lab: Lab) -> dict[str, Credential]:
    """What opens the lab's nodes, by the name that its cluster file uses: the client key, or the administrator's password."""
    if lab.platform == "unix":
        return {DEFAULT_CREDENTIAL: Credential("key_file", str(lab.client_key))}
    return {lab.name: Credential("password_file", str(lab.password_file))}


async def add_lab_cluster(console: Console, lab: Lab) -> None:
    """Put the lab's cluster into the database, unless it is there, and accept the host keys that its file names.

    With a lab of Windows nodes comes its overlay: every procedure of theirs hands something off."""
    file = lab.cluster_file
    cluster = load_cluster(await asyncio.to_thread(file.read_bytes), str(file))
    async with console.act() as act:
        if await cluster_named(act.db, cluster.name) is None:
            await add_cluster(act, cluster)
            if lab.platform != "unix":
                await import_overlay(
                    act, await asyncio.to_thread(lab.overlay_file.read_bytes), str(lab.overlay_file)
                )
    await accept_named_keys(console, cluster)


async def accept_named_keys(console: Console, cluster: Cluster) -> list[str]:
    """Accept the host key of every node whose offered key has the fingerprint that the cluster file names. Their names."""
    accepted = []
    for node in cluster.nodes:
        if node.host_key is None:
            continue
        offered = await offered_key(
            node.address,
            node.port,
            transport=node.transport,
            credential=console.credentials.get(node.credential or DEFAULT_CREDENTIAL),
        )
        if offered.fingerprint.rstrip("=") != node.host_key.rstrip("="):
            continue
        async with console.act() as act:
            row = await offer_host_key(act, node.address, node.port, offered.public_key, offered.fingerprint)
            await accept_host_key(act, row.id)
        accepted.append(node.name)
    return accepted


def worker_command() -> None:
    """エンジンだけを起動します（PostgreSQL 構成用）。2つ目以降は予備として待ち、動いているものが止まると引き継ぎます。

    Run the engine alone (with PostgreSQL). A second one waits as a spare and takes over when the first is gone.
    """
    settings = Settings().model_copy(update={"worker": "embedded"})
    configure_logs(settings.log_json)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    console = Console(settings)
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    starting, stopping = asyncio.ensure_future(console.start(spare=True)), asyncio.ensure_future(stop.wait())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if starting.done():
        starting.result()
        typer.echo("worker started")
        await stopping
    else:
        starting.cancel()
    await console.stop()


def migrate_command() -> None:
    """データベースを最新の形式にします。 Bring the database to the newest revision (safe to repeat)."""

    async def run() -> None:
        console = Console(Settings())
        await console.prepare()
        await console.database.close()

    asyncio.run(run())
    typer.echo("データベースは最新です。 The database is up to date.")

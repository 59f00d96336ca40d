"""The command line. Each command is a few lines: read the arguments, call what the pages call too, print, exit.

Exit codes: 0 done, 1 refused (the message says what to do), 2 bad input, 3 the manual has no procedure (`plan`).
"""

from __future__ import annotations

import sys

import typer

from app.cli_audit import audit_app
from app.cli_plan import plan_command
from app.cli_serve import migrate_command, serve_command, worker_command
from app.cli_stores import cluster_app, session_app, user_app
from app.domain.errors import Invalid, Refusal
from app.lab.commands import lab_app
from app.settings import Settings

app = typer.Typer(
    name="tejun",
    no_args_is_help=True,
    add_completion=False,
    help="手順 Tejun — JobCenter クラスタのバージョンアップ・パッチ適用を、手順どおりに、証跡を残して実施するコンソール。\n\n"
    "A console that carries out upgrades and patches of JobCenter clusters, step by step, with sign-offs and a history.",
    epilog="設定は環境変数 TEJUN_* で渡します（docs/settings を参照）。 Settings come from TEJUN_* variables (see docs/settings).",
)
app.command("serve")(serve_command)
app.command("worker")(worker_command)
app.command("migrate")(migrate_command)
app.command("plan")(plan_command)
app.add_typer(user_app, name="user")
app.add_typer(cluster_app, name="cluster")
app.add_typer(session_app, name="session")
app.add_typer(audit_app, name="audit")
app.add_typer(lab_app, name="lab")


def main() -> None:
    """Entry point: a refusal becomes one line in the operator's language and an exit code, never a traceback."""
    try:
        app()
    except Refusal as no:
        language = "en" if Settings().language == "en" else "ja"
        print(no.message.in_(language), file=sys.stderr)
        sys.exit(2 if isinstance(no, Invalid) else 1)


if __name__ == "__main__":
    main()

"""The command line. Each command is a few lines: read the arguments, call what the pages call too, print, exit.

Exit codes: 0 done, 1 refused (the message says what to do), 2 bad input, 3 the manual has no procedure (`plan`).
"""

from __future__ import annotations

import gc
import importlib
import sys

import typer

from app.domain.errors import Invalid, Refusal

# name -> where its command or its group of commands is: only what is asked for is imported, since `plan` must be quick
COMMANDS = {
    "serve": "app.cli_serve:serve_command",
    "worker": "app.cli_serve:worker_command",
    "migrate": "app.cli_serve:migrate_command",
    "plan": "app.cli_plan:plan_command",
    "procedures": "app.cli_procedures:procedures_app",
    "user": "app.cli_stores:user_app",
    "cluster": "app.cli_stores:cluster_app",
    "node": "app.cli_nodes:node_app",
    "overlay": "app.cli_overlays:overlay_app",
    "package": "app.cli_packages:package_app",
    "session": "app.cli_stores:session_app",
    "audit": "app.cli_audit:audit_app",
    "lab": "app.lab.commands:lab_app",
}
HELP = """手順 Tejun — JobCenter クラスタのバージョンアップ・パッチ適用を、手順どおりに、証跡を残して実施するコンソール。

A console that carries out upgrades and patches of JobCenter clusters, step by step, with sign-offs and a history."""
EPILOG = (
    "設定は環境変数 TEJUN_* で渡します（docs/operators-guide.md）。 "
    "Settings are TEJUN_* variables (docs/operators-guide.en.md)."
)


def application(asked: list[str]) -> typer.Typer:
    """The command line with the command that is asked for; with all of them where help is."""
    app = typer.Typer(
        name="tejun",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help=HELP,
        epilog=EPILOG,
    )
    app.callback()(lambda: None)
    if asked[:1] == ["plan"]:
        gc.disable()  # it is over in half a second: collecting only costs it a tenth of that
    for name in asked[:1] if asked and asked[0] in COMMANDS else COMMANDS:
        module, _, attribute = COMMANDS[name].partition(":")
        found = getattr(importlib.import_module(module), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def main() -> None:
    """Entry point: a refusal becomes one line in the operator's language and an exit code, never a traceback."""
    try:
        application(sys.argv[1:])()
    except Refusal as no:
        from app.settings import Settings  # not before: it knows the nodes' driver, and `plan` must be quick

        print(no.message.en if Settings().language == "en" else no.message.ja, file=sys.stderr)
        sys.exit(2 if isinstance(no, Invalid) else 1)


if __name__ == "__main__":
    main()

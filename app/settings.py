"""Settings from the environment (`TEJUN_*`) and their defaults. Read by `cli` and `main` only; holds no secret itself:
credentials are references (a file, an environment variable, an agent)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.errors import Invalid
from app.nodes import Credential, Windows

KINDS = ("key_file", "key_env", "agent", "password_file", "password_env", "certificate_file")
WINDOWS_JA = (
    "Windows 用の項目は auth（negotiate・ntlm・kerberos・basic・credssp）、ca_file（CA 証明書のパス）、"
    "plain_http（true か false）、run_as（SYSTEM・self・DOMAIN\\gMSA$）です。"
)
WINDOWS_EN = (
    "For Windows there are auth (negotiate, ntlm, kerberos, basic, credssp), ca_file (a path), plain_http (true or false) "
    "and run_as (SYSTEM, self, DOMAIN\\gMSA$)."
)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Settings(BaseSettings):
    """Every setting, with its unit in the description."""

    model_config = SettingsConfigDict(env_prefix="TEJUN_", extra="ignore")

    home: Path = Field(Path("var"), description="folder for the database, the audit head and the demo lab")
    database_url: str = Field("", description="SQLAlchemy address; empty: SQLite in the home folder")
    host: str = "127.0.0.1"
    port: int = 8000
    demo: bool = Field(False, description="demo accounts and the demo lab")
    worker: str = Field(
        "embedded", description="embedded: the engine runs in the web process; none: elsewhere"
    )
    secure_cookies: bool = Field(False, description="true behind TLS")
    language: str = Field("ja", description="ja or en, for the command line")
    credentials: dict[str, str | dict[str, str | bool]] = Field(
        default_factory=dict, description='name -> "kind:reference", or an object (kind, ref and WINDOWS)'
    )
    keep_spool: bool = Field(False, description="leave verified spools on the nodes")
    reach_seconds: float = 60.0
    settle_seconds: float = 90.0
    attempt_seconds: float = 4 * 3600.0
    log_json: bool = False
    packages: Path | None = Field(
        None, description="folder of the packages; empty: packages in the home folder"
    )
    package_limit_bytes: int = Field(8 * 1024**3, gt=0, description="bytes of one package at most")
    package_floor_bytes: int = Field(1024**3, ge=0, description="bytes that stay free on the packages' disk")

    @property
    def url(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite+aiosqlite:///{(self.home / 'tejun.db').resolve()}"

    @property
    def lab(self) -> Path:
        """The folder of the demo lab."""
        return (self.home / "lab").resolve()

    @property
    def package_folder(self) -> Path:
        """Where the packages lie. With pages and engine apart, both see the same folder."""
        return (self.packages or self.home / "packages").resolve()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the console."""
        return self.host in LOOPBACK

    def credential_references(self) -> dict[str, Credential]:
        """The configured credentials by name. Raises Invalid for one that is not kind:reference."""
        return {name: _credential(name, text) for name, text in self.credentials.items()}


def _credential(name: str, told: str | Mapping[str, str | bool]) -> Credential:
    if isinstance(told, str):
        kind, _, reference = told.partition(":")
        return _checked(name, kind, reference, {})
    options = {key: value for key, value in told.items() if key not in ("kind", "ref")}
    return _checked(name, str(told.get("kind", "")), str(told.get("ref", "")), options)


def _checked(name: str, kind: str, reference: str, options: Mapping[str, str | bool]) -> Credential:
    if kind not in KINDS:
        allowed = ", ".join(KINDS)
        raise Invalid(
            "bad_credential",
            f"TEJUN_CREDENTIALS の「{name}」は「種類:参照先」の形で、種類は {allowed} のいずれかにしてください。",
            f"“{name}” in TEJUN_CREDENTIALS is written kind:reference, the kind being one of {allowed}.",
            "credentials",
        )
    try:
        windows = TypeAdapter(Windows).validate_json(json.dumps(dict(options)), strict=True, extra="forbid")
    except ValidationError as no:
        wrong = ", ".join(".".join(map(str, error["loc"])) for error in no.errors())
        raise Invalid(
            "bad_credential",
            f"TEJUN_CREDENTIALS の「{name}」の {wrong} が正しくありません。{WINDOWS_JA}",
            f"“{name}” in TEJUN_CREDENTIALS is wrong at {wrong}. {WINDOWS_EN}",
            "credentials",
        ) from None
    return Credential(kind, reference, windows)  # type: ignore[arg-type]  # one of KINDS

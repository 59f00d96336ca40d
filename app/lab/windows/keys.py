"""The lab's secrets for Windows nodes: the administrator's password, the authority, the certificates. Mode 0600."""

from __future__ import annotations

import base64
import hashlib
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from app.lab.model import Layout, write_whole
from app.lab.winrm import Authority, Certificate

USER = "Administrator"


def make(layout: Layout, names: list[str]) -> None:
    """Whatever of them is not there yet."""
    password = layout.directory / "password"
    if not password.exists():
        write_whole(password, secrets.token_urlsafe(18) + "\n", 0o600)
    folder = layout.directory / "certificates"
    if (folder / "ca.pem").exists() and all((folder / f"{name}.pem").exists() for name in names):
        return
    folder.mkdir(exist_ok=True)
    authority = Authority.make("Tejun lab")
    authority.own.write(folder / "ca.pem", folder / "ca.key")
    for name in names:
        authority.node(name).write(folder / f"{name}.pem", folder / f"{name}.key")
        authority.node(name, expired=True).write(
            folder / f"{name}-expired.pem", folder / f"{name}-expired.key"
        )


def account(layout: Layout) -> tuple[str, str]:
    """The administrator's name and password."""
    return USER, (layout.directory / "password").read_text().strip()


def certificate(layout: Layout, name: str, *, expired: bool = False) -> Certificate:
    """A node's certificate, or the one that has expired."""
    base = layout.directory / "certificates" / (f"{name}-expired" if expired else name)
    return Certificate(base.with_suffix(".pem").read_bytes(), base.with_suffix(".key").read_bytes())


def fingerprint(layout: Layout, name: str) -> str:
    """SHA256:… of the certificate in its DER form, as the cluster file pins it."""
    pem = (Path(layout.directory) / "certificates" / f"{name}.pem").read_bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")

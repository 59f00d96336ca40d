"""Certificates of simulated nodes: an authority, a node's own, and those that are wrong on purpose. Writes no file by itself."""

from __future__ import annotations

import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = timedelta(days=365)
_PAST = timedelta(days=30)


@dataclass(frozen=True, repr=False)
class Certificate:
    """A certificate and its key, both PEM."""

    certificate: bytes
    key: bytes

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the DER form, hex in lower case."""
        return x509.load_pem_x509_certificate(self.certificate).fingerprint(hashes.SHA256()).hex()

    def server_context(self, clients: Authority | None = None) -> ssl.SSLContext:
        """A TLS context that shows this certificate; with `clients` it asks for one of theirs, and does without."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "node.pem"
            file.touch(mode=0o600)
            file.write_bytes(self.certificate + self.key)
            context.load_cert_chain(file)
        if clients is not None:
            context.load_verify_locations(cadata=clients.own.certificate.decode())
            context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def write(self, certificate: Path, key: Path | None = None) -> None:
        """Put the certificate in a file, and its key in another that only the owner can read."""
        certificate.write_bytes(self.certificate)
        if key is not None:
            key.touch(mode=0o600)
            key.write_bytes(self.key)


def self_signed(name: str, addresses: tuple[str, ...] = ("127.0.0.1",)) -> Certificate:
    """A certificate that nobody vouches for, as Windows' own set-up makes one: to be pinned."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(name), _name(name), key.public_key(), datetime.now(UTC), _LIFE)
    builder = builder.add_extension(_alternatives(name, addresses), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return _pem(builder.sign(key, hashes.SHA256()), key)


class Authority:
    """A certificate authority, made anew or from its own certificate and key."""

    def __init__(self, own: Certificate) -> None:
        self.own = own
        self._certificate = x509.load_pem_x509_certificate(own.certificate)
        key = serialization.load_pem_private_key(own.key, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    @classmethod
    def make(cls, name: str = "Lab CA") -> Authority:
        """A new one that signs itself."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(name), _name(name), key.public_key(), datetime.now(UTC), _LIFE)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        builder = builder.add_extension(usage, critical=True)
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signed = builder.add_extension(identifier, critical=False).sign(key, hashes.SHA256())
        return cls(_pem(signed, key))

    def node(
        self, name: str, addresses: tuple[str, ...] = ("127.0.0.1",), *, expired: bool = False
    ) -> Certificate:
        """A node's certificate for its name and addresses; `expired` ended a month ago. For another name: give one."""
        return self._signed(name, _alternatives(name, addresses), ExtendedKeyUsageOID.SERVER_AUTH, expired)

    def client(self, common_name: str) -> Certificate:
        """A certificate to log on with."""
        extension = x509.SubjectAlternativeName([x509.RFC822Name(f"{common_name}@localhost")])
        return self._signed(common_name, extension, ExtendedKeyUsageOID.CLIENT_AUTH, False)

    def _signed(
        self, name: str, alternatives: x509.SubjectAlternativeName, use: x509.ObjectIdentifier, expired: bool
    ) -> Certificate:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        start = now - _LIFE - _PAST if expired else now - timedelta(hours=1)
        issuer = self._certificate.subject
        builder = _builder(_name(name), issuer, key.public_key(), start, _LIFE).add_extension(
            alternatives, critical=False
        )
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(own, critical=False)
        return _pem(builder.sign(self._key, hashes.SHA256()), key)


def common_name(der: bytes) -> str | None:
    """The common name of a certificate in DER form."""
    names = x509.load_der_x509_certificate(der).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else None


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternatives(name: str, addresses: tuple[str, ...]) -> x509.SubjectAlternativeName:
    named: list[x509.GeneralName] = [x509.DNSName(name)]
    named += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    return x509.SubjectAlternativeName(named)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, start: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
    )


def _pem(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Certificate:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificate(certificate.public_bytes(serialization.Encoding.PEM), private)

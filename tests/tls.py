"""A certificate for 127.0.0.1, and a Redis that speaks TLS with it."""

from __future__ import annotations

import datetime
import ipaddress
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from littleflow_redis.events.connection import ConnectionSettings, connect
from tests.support import LONG, die_with_parent, free_port, wait_until


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a key and a certificate that signs itself; return their files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    key_file, certificate_file = folder / "key.pem", folder / "certificate.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return key_file, certificate_file


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, Path]]:
    """A Redis of Debian's with TLS alone: its ``host:port``, and the certificate to trust."""
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("no Redis with TLS is installed: apt-get install redis-server")
    key, trusted = certificate(folder)
    port = free_port()
    command = [
        *(binary, "--port", "0", "--tls-port", str(port), "--bind", "127.0.0.1"),
        *("--tls-cert-file", str(trusted), "--tls-key-file", str(key)),
        *("--tls-auth-clients", "no", "--save", "", "--dir", str(folder)),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=die_with_parent)
    url = f"rediss://127.0.0.1:{port}/0?ssl_ca_certs={quote(str(trusted))}"

    def answers() -> bool:
        client = connect(ConnectionSettings(url=url))
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
        finally:
            client.connection_pool.disconnect()

    try:
        wait_until(answers, "the server with TLS answers")
        yield f"127.0.0.1:{port}", trusted
    finally:
        process.kill()
        process.wait(timeout=LONG)

"""Archives in files and in object stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from littleflow_redis.engine.archive import storage
from littleflow_redis.engine.model.errors import BadArchive

ARCHIVE = {"format": "littleflow-archive", "text": "→", "numbers": [1, 2.5, None]}


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_files(tmp_path: Path, scheme: str) -> None:
    name = f"{scheme}{tmp_path}/a b.json" if not scheme else f"{scheme}{tmp_path}/a%20b.json"
    storage.write(ARCHIVE, name)
    assert storage.read(name) == storage.read(tmp_path / "a b.json") == ARCHIVE
    storage.write({}, name)
    assert [path.name for path in tmp_path.iterdir()] == ["a b.json"]
    assert storage.read(name) == {}


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "archive.json"
    storage.write(ARCHIVE, target)
    with pytest.raises(ValueError, match="no JSON value"):
        storage.write({"x": float("nan")}, target)
    target.chmod(0o600)
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="irectory"):
        storage.write(ARCHIVE, folder)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive.json", "folder"]
    assert storage.read(target) == ARCHIVE


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"x": NaN}', b"\xff", b"[" * 100_000])
def test_what_is_no_archive_is_told(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "x").write_bytes(raw)
    with pytest.raises(BadArchive):
        storage.read(tmp_path / "x")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        storage.read(tmp_path / "x")


@pytest.mark.parametrize("uri", ["nothing://x/y", "file://host/x", "file://[", "s3://["])
def test_an_unknown_scheme_is_told(uri: str) -> None:
    with pytest.raises(BadArchive, match=re.escape(uri)):
        storage.write(ARCHIVE, uri)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A bucket in a real S3 server on loopback."""
    boto3 = pytest.importorskip("boto3")
    server_module = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{port}")
    boto3.client("s3").create_bucket(Bucket="archives")
    yield "s3://archives"
    server.stop()


@pytest.mark.filterwarnings("default")
def test_object_stores(bucket: str) -> None:
    storage.write(ARCHIVE, f"{bucket}/some/where.json")
    assert storage.read(f"{bucket}/some/where.json") == ARCHIVE
    storage.write({}, f"{bucket}/some/where.json")
    assert storage.read(f"{bucket}/some/where.json") == {}
    with pytest.raises(OSError, match=r"s3://archives/nothing\.json"):
        storage.read(f"{bucket}/nothing.json")
    with pytest.raises(OSError, match="s3://nobody"):
        storage.write(ARCHIVE, "s3://nobody/x.json")

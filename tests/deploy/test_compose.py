"""docker-compose.yml: what it says, and that what it starts runs a workflow."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from littleflow_redis.console.files import STATIC, built
from tests.api.conftest import Service
from tests.deploy.compose import ComposeError, Machine, load, ports_of
from tests.support import RedisServer, Spawned, wait_until
from tests.web import Answer, ask

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NGINX = ROOT / "console" / "nginx.conf"
SECRETS = {"LITTLEFLOW_API_TOKEN": secrets.token_hex(24), "REDIS_PASSWORD": secrets.token_hex(24)}

#: Seconds for the workflow of the example, which takes two.
FINISHED = 60.0


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return load(FILE, SECRETS)


@pytest.mark.parametrize("missing", SECRETS)
def test_it_does_not_start_without_its_secrets(missing: str) -> None:
    given = {name: value for name, value in SECRETS.items() if name != missing}
    with pytest.raises(ComposeError, match=f"{missing}: set it in .env"):
        load(FILE, given)


def test_every_service_has_limits_and_a_health_check(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        limits = service["deploy"]["resources"]["limits"]
        assert {"cpus", "memory", "pids"} <= set(limits), name
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name


def test_only_the_console_is_published_and_only_here(compose: dict[str, Any]) -> None:
    published = {name: s["ports"] for name, s in compose["services"].items() if "ports" in s}
    assert published == {"console": ["127.0.0.1:8000:8080"]}


def test_no_secret_is_in_a_command(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        for secret in SECRETS.values():
            assert secret not in str(service["command"]), name
            assert secret not in str(service["healthcheck"]), name


@pytest.mark.parametrize("form", ["{0}", "ops:{0}", "eyes:read:{0}", "ops:{0}, eyes:read:{1}"])
def test_the_api_s_probe_knows_every_form_of_a_token(
    compose: dict[str, Any], redis_server: RedisServer, tmp_path: Path, form: str
) -> None:
    """Symptom: the API was never healthy, so the console never started, if a token had a name.

    Cause: the probe sent the variable as it is, names, commas and all.
    """
    tokens = form.format(secrets.token_hex(24), secrets.token_hex(24))
    service = Service(redis_server, tmp_path, LITTLEFLOW_API_TOKEN=tokens)
    try:
        _, _, *options, script = compose["services"]["api"]["healthcheck"]["test"]
        probe = script.replace("127.0.0.1:5000", f"127.0.0.1:{service.port}")
        environment = {**os.environ, "LITTLEFLOW_API_TOKEN": tokens}
        subprocess.run([sys.executable, *options, probe], env=environment, check=True)
    finally:
        service.process.kill_group()


def test_the_images_can_be_made_of_what_is_there(compose: dict[str, Any]) -> None:
    stages = re.findall(r"^FROM \S+ AS (\w+)$", DOCKERFILE, re.MULTILINE)
    targets = {s["build"]["target"] for s in compose["services"].values() if "build" in s}
    assert targets <= set(stages)
    for source in re.findall(r"^COPY (?!--)(\S+) ", DOCKERFILE, re.MULTILINE):
        assert (ROOT / source).exists(), source
    kept = (ROOT / ".dockerignore").read_text().splitlines()
    for line in kept:
        if line.startswith("!"):
            assert (ROOT / line[1:]).exists(), line


@pytest.mark.skipif(
    subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    if shutil.which("docker")
    else True,
    reason="docker compose is not installed",
)
def test_docker_agrees(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("".join(f"{name}={value}\n" for name, value in SECRETS.items()))
    command = ["docker", "compose", "--file", str(FILE), "--env-file", str(env), "config"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not built(), reason="the pages are not built: make pages")
def test_what_it_starts_runs_a_workflow(
    compose: dict[str, Any], spawn: Callable[..., Spawned], tmp_path: Path
) -> None:
    for tool in ("nginx", "redis-server", "redis-cli", "curl"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed (apt-get install nginx-light redis curl)")
    services = compose["services"]
    configuration = NGINX.read_text()
    machine = Machine(
        root=ROOT,
        folder=tmp_path,
        hosts=tuple(services),
        ports=ports_of(services, FILE.read_text() + configuration),
        paths={"/etc/nginx/nginx.conf": tmp_path / "nginx.conf"},
        spawn=spawn,
    )
    own = configuration.replace("/tmp/", f"{tmp_path}/").replace(
        "/usr/share/nginx/html", str(STATIC)
    )
    (tmp_path / "nginx.conf").write_text(machine.here(own))
    started: set[str] = set()
    for name, service in services.items():
        assert set(service.get("depends_on", ())) <= started, f"{name} comes too early"
        machine.start(name, service)
        if name == "redis":
            machine.containers[-1].wait_until_healthy()
        started.add(name)
    for container in machine.containers:
        container.wait_until_healthy()
    assert len(machine.containers) == len(services)

    site = f"http://127.0.0.1:{machine.ports['8080']}"
    bearer = f"Bearer {SECRETS['LITTLEFLOW_API_TOKEN']}"

    def api(path: str, method: str = "GET", text: str = "") -> Answer:
        headers = {"Authorization": bearer, "Content_Type": "text/plain", "Origin": site}
        return ask(f"{site}/api{path}", method, text.encode(), **headers)

    assert ask(f"{site}/api/workflows/").status == 401
    flow = (ROOT / "examples" / "demo" / "demo.flow").read_text()
    begun = api("/workflows/start", "POST", flow)
    assert begun.status == 200, begun.body
    id = begun.json()["workflow"]
    assert api(f"/workflows/{id}").status == 200

    def finished() -> bool:
        answer = api(f"/workflows/{id}/state")
        assert answer.json()["state"] == "FINISHED", answer.body
        return True

    wait_until(finished, "the workflow is finished", FINISHED)
    hands_out_the_pages(site)

    for container in reversed(machine.containers):
        container.process.signal(signal.SIGTERM)
    for container in reversed(machine.containers):
        assert container.process.wait() == 0, (container.name, container.process.output)


def hands_out_the_pages(site: str) -> None:
    """What `python -m littleflow_redis.console` says of the pages, nginx says too."""
    page = ask(f"{site}/")
    assert page.status == 200
    assert page["Cache-Control"] == "no-cache"
    assert page["Content-Security-Policy"].endswith("connect-src 'self'")
    assert page["X-Content-Type-Options"] == "nosniff"
    script = next((STATIC / "assets").glob("*.js")).name
    packed = ask(f"{site}/assets/{script}", Accept_Encoding="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert "immutable" in packed["Cache-Control"]
    assert ask(f"{site}/config.json").json() == {"api": "/api/"}
    assert ask(f"{site}/workflow?id=a")["Location"].endswith("/#/workflow/a")
    assert ask(f"{site}/nowhere").status == 404
    assert ask(f"{site}/%2e%2e/app.py").status in (400, 404)
    refused = ask(f"{site}/api/workflows/")
    assert len(refused.headers.get_all("Content-Security-Policy", [])) <= 1, "the API's own"

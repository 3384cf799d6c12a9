"""What is installed: built as users and installers do it, from a copy of the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.support import LONG, RedisServer, Spawned, free_port
from tests.web import ask

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("installed.py")
NODE_MODULES = Path("console/web/node_modules")

#: What installing may use besides Python. Node is not among it.
TOOLS = ("sh", "env", "uname")

#: Seconds for a build that downloads Node and the front end's tools.
PATIENCE = 300.0

pytestmark = pytest.mark.timeout(PATIENCE)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What git knows of this checkout, links and all: no pages, no front-end tools."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("this is no git checkout")
    copy = tmp_path / "checkout"
    for name in map(os.fsdecode, filter(None, listed.stdout.split(b"\0"))):
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name, follow_symlinks=False)
    return copy


@pytest.fixture
def without_node(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine that has no Node."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in TOOLS:
        (tools / tool).symlink_to(shutil.which(tool) or pytest.fail(f"there is no {tool}"))
    return {"PATH": str(tools)}


def with_tools_of(checkout: Path) -> None:
    """Give a copy the front-end tools of this checkout, if they are here, to save time."""
    if (ROOT / NODE_MODULES).is_dir():
        shutil.copytree(
            ROOT / NODE_MODULES, checkout / NODE_MODULES, symlinks=True, copy_function=os.link
        )


def python(*arguments: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``python -m``; offline, where Node or its packages cannot be had, the test skips."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LITTLEFLOW_")}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**kept, **env},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    offline = ("ENOTFOUND", "EAI_AGAIN", "NewConnectionError", "NameResolutionError")
    if done.returncode and not os.environ.get("CI"):
        for sign in offline:
            if sign in done.stdout + done.stderr:
                pytest.skip("the registries of PyPI and npm cannot be reached")
    return done


#: Build with the setuptools of the tests, where the build requirements are not what is tested.
AS_IT_IS = "--no-build-isolation"


def installed(
    target: Path, source: Path, *options: str, **env: str
) -> subprocess.CompletedProcess[str]:
    given = ("--no-deps", "-v", "--target", str(target), *options)
    return python("pip", "install", *given, str(source), cwd=target.parent, env=env)


def serves_its_pages(spawn: Callable[..., Spawned], packages: Path) -> None:
    """The console installed in ``packages`` hands out a first page and a script."""
    port = free_port()
    command = [sys.executable, "-m", "littleflow_redis.console", f"127.0.0.1:{port}"]
    process = spawn(command, env={"PYTHONPATH": str(packages)})
    process.wait_for_output("event=ready")
    script = next((packages / "littleflow_redis" / "console" / "static" / "assets").glob("*.js"))
    for path in ("/", f"/assets/{script.name}"):
        assert ask(f"http://127.0.0.1:{port}{path}").status == 200, path


def data_of(checkout: Path) -> set[str]:
    """Scripts and grammar: files that Python does not import, by their names in the package."""
    package = checkout / "littleflow_redis"
    found = {
        file.relative_to(checkout).as_posix()
        for pattern in ("*.lua", "*.lark")
        for file in package.rglob(pattern)
    }
    kinds = {(Path(name).parent.name, Path(name).suffix) for name in found}
    assert {("lua", ".lua"), ("lib", ".lua"), ("events", ".lua"), ("language", ".lark")} <= kinds
    return found


def runs_a_workflow(packages: Path, server: RedisServer, cwd: Path) -> None:
    """The package installed in ``packages`` takes a workflow to its end, on a real server."""
    command = [sys.executable, "-P", str(PROGRAM), str(packages), server.url]
    kept = {k: v for k, v in os.environ.items() if not k.startswith("LITTLEFLOW_")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, "PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        timeout=LONG,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "FINISHED [4, 5]\n"


def test_the_sdist_carries_the_pages_and_installs_without_node(
    checkout: Path,
    without_node: dict[str, str],
    spawn: Callable[..., Spawned],
    redis_server: RedisServer,
    client: redis.Redis,
    tmp_path: Path,
) -> None:
    with_tools_of(checkout)
    options = ("--sdist", "--no-isolation", "--outdir", str(tmp_path), ".")
    built = python("build", *options, cwd=checkout, env={})
    assert built.returncode == 0, built.stdout + built.stderr
    (sdist,) = tmp_path.glob("littleflow_redis-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        assert not [member for member in archive.getmembers() if member.issym()]
    assert "littleflow_redis/console/static/index.html" in names
    assert "littleflow_redis/console/web/package-lock.json" in names
    assert not [name for name in names if "node_modules" in name or name.startswith("tests")]
    assert data_of(checkout) - names == set(), "every script and the grammar are in the sdist"

    target = tmp_path / "target"
    done = installed(target, sdist, **without_node)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nodejs" not in done.stdout + done.stderr, "no Node was fetched"
    serves_its_pages(spawn, target)
    runs_a_workflow(target, redis_server, tmp_path)


def test_a_wheel_is_built_on_a_machine_without_node(
    checkout: Path,
    without_node: dict[str, str],
    spawn: Callable[..., Spawned],
    redis_server: RedisServer,
    client: redis.Redis,
    tmp_path: Path,
) -> None:
    stale = checkout / "build" / "lib" / "littleflow_redis" / "console" / "static" / "old.js"
    stale.parent.mkdir(parents=True)
    stale.touch()
    options = ("--no-deps", "--wheel-dir", str(tmp_path), ".")
    built = python("pip", "wheel", *options, cwd=checkout, env=without_node)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("littleflow_redis-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "littleflow_redis/console/static/index.html" in names
    assert [name for name in names if name.startswith("littleflow_redis/console/static/assets/")]
    for word in ("node_modules", "console/web", "console/packaging", "sources.sha256", "old.js"):
        assert not [name for name in names if word in name], word
    assert sources_of(checkout) - names == set(), "every file of the package is in the wheel"
    assert data_of(checkout) - names == set(), "every script and the grammar are in the wheel"

    target = tmp_path / "target"
    done = installed(target, wheel)
    assert done.returncode == 0, done.stdout + done.stderr
    serves_its_pages(spawn, target)
    runs_a_workflow(target, redis_server, tmp_path)


def sources_of(checkout: Path) -> set[str]:
    """The files of the package as an installation has them, without those only builds need."""
    names = set()
    for top in ("littleflow_redis", "api", "bridges", "console"):
        for file in (checkout / top).rglob("*"):
            name = file.relative_to(checkout).as_posix()
            generated = ("__pycache__", "console/web", "console/packaging", "console/static")
            if file.is_file() and not any(word in name for word in generated):
                names.add(name if top == "littleflow_redis" else f"littleflow_redis/{name}")
    return names


def test_an_editable_install_builds_the_pages(checkout: Path, tmp_path: Path) -> None:
    with_tools_of(checkout)
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    done = python(
        *("pip", "--python", str(environment / "bin" / "python"), "install"),
        *("--no-deps", "--editable", "."),
        cwd=checkout,
        env={},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / "console" / "static" / "index.html").is_file()


def test_a_broken_front_end_fails_the_install_with_one_sentence(
    checkout: Path, tmp_path: Path
) -> None:
    with_tools_of(checkout)
    (checkout / "console" / "web" / "src" / "main.tsx").write_text("this is no TypeScript(\n")
    target = tmp_path / "target"
    done = installed(target, checkout, AS_IT_IS)
    assert done.returncode != 0
    told = [line.strip() for line in done.stderr.splitlines() + done.stdout.splitlines()]
    (sentence,) = {line for line in told if "pages could not be built" in line}
    assert "`npm run build` failed" in sentence
    assert "LITTLEFLOW_SKIP_CONSOLE=1" in sentence
    assert "Traceback" not in done.stdout + done.stderr
    assert not list(target.glob("littleflow_redis*")), "nothing is installed"


def test_tools_that_need_only_python_may_skip_the_pages(
    checkout: Path, without_node: dict[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "target"
    done = installed(target, checkout, AS_IT_IS, LITTLEFLOW_SKIP_CONSOLE="1", **without_node)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nodejs" not in done.stdout + done.stderr
    assert (target / "littleflow_redis" / "console" / "app.py").is_file()
    assert not (target / "littleflow_redis" / "console" / "static").exists()

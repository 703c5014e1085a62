"""What leaves the house: the wheel in a clean venv, the lock files, the scripts, the image.

What a module does is tested beside it; here only that it arrives whole and runs elsewhere.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

import sms_diary

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted(
    path for path in (ROOT / "scripts").iterdir() if path.is_file() and not path.suffix
)
LOCKS = {"requirements.txt", "requirements-dev.txt", "requirements-build.txt"}


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """What the command printed; its whole output is in the failure when it fails."""
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


# --- the wheel ---------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The wheel, built once in a run: the first worker builds, the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    place = (base if worker_id == "master" else base.parent) / "wheel"
    with base.with_name("wheel.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
            run(*build, cwd=ROOT)
    (built,) = place.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean venv elsewhere with our wheel in it; its libraries are those of this run."""
    place = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(place, symlinks=True)
    own = site_packages(place)
    # A folder named in a path file is searched, but its own path files are not read: the
    # checkout stays out of sight, and no package index is asked.
    (own / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    before = {path.name for path in own.iterdir()}
    pip = [sys.executable, "-m", "pip", "--python", str(place / "bin" / "python")]
    run(*pip, "install", "--no-deps", "--no-index", "--quiet", str(wheel), cwd=place)
    added = {path.name for path in own.iterdir()} - before
    assert added == {"sms_diary", f"sms_diary-{sms_diary.__version__}.dist-info"}
    return place


def site_packages(place: Path) -> Path:
    (found,) = place.glob("lib/python*/site-packages")
    return found


def test_the_wheel_has_no_top_level_name_but_ours(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    info = f"sms_diary-{sms_diary.__version__}.dist-info"
    assert {name.partition("/")[0] for name in names} == {"sms_diary", info}


def test_the_wheel_carries_every_file_of_the_package_and_its_data(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    beside = [
        ROOT / "schema.sql",
        *(ROOT / "templates").rglob("*"),
        *(ROOT / "providers").rglob("*"),
    ]
    expected = {f"sms_diary/_data/{path.relative_to(ROOT)}" for path in beside if path.is_file()}
    expected |= {
        str(path.relative_to(ROOT))
        for path in (ROOT / "sms_diary").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert expected - inside == set()
    kinds = {Path(name).parts[2] for name in inside if name.startswith("sms_diary/_data/")}
    assert kinds == {"templates", "providers", "schema.sql"}


def test_the_installed_package_finds_its_own_data(installed: Path, tmp_path: Path) -> None:
    code = (
        "import json, sms_diary.resources as r; print(json.dumps("
        "[str(r.PACKAGE), str(r.templates_dir()), str(r.providers_dir()), r.schema_sql()]))"
    )
    printed = run(installed / "bin" / "python", "-I", "-c", code, cwd=tmp_path)
    package, templates, providers, schema = json.loads(printed)
    assert Path(package) == site_packages(installed.resolve()) / "sms_diary"
    assert templates == f"{package}/_data/templates"
    assert providers == f"{package}/_data/providers"
    assert schema == (ROOT / "schema.sql").read_text(encoding="utf-8")


@pytest.mark.timeout(180)
def test_the_demo_runs_from_the_wheel_in_another_place(installed: Path, tmp_path: Path) -> None:
    # A stranger's surroundings: nothing of ours in the environment, a home of its own.
    env = {"PATH": os.defpath, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    printed = run(installed / "bin" / "sms-diary", "demo", "--once", cwd=tmp_path, env=env)
    counts = json.loads(printed.splitlines()[-1])
    assert counts["parts"] > 50, counts
    assert counts["delivered"] == counts["parts"], counts
    assert counts["in_doubt"] == 0, counts
    assert counts["silent"] > 0, counts
    assert counts["quarantined"] > 0, counts


# --- versions and locks ------------------------------------------------------------------------


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def canonical(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name, requirement
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def locked(name: str) -> dict[str, str]:
    """Package to the exact version that this lock file pins; every pin has a hash."""
    pins = {}
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        if line.strip() and not line.strip().startswith("#"):
            pin = re.match(r"([a-z0-9-]+)==([^ ;]+)", line)
            assert pin, f"{name}: not an exact version: {line[:60]}"
            assert "--hash=sha256:" in line, f"{name}: {pin[0]} has no hash"
            pins[pin[1]] = pin[2]
    return pins


def test_the_changelog_tells_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(\d+\.\d+\.\d+)\]", text, re.MULTILINE)[0] == sms_diary.__version__


def test_every_dependency_is_locked() -> None:
    meta, groups = project()["project"], project()["dependency-groups"]
    runs = {canonical(one) for one in meta["dependencies"]}
    runs |= {canonical(one) for extra in meta["optional-dependencies"].values() for one in extra}
    builds = {canonical(one) for one in groups["build"]}
    tests = {canonical(one) for one in groups["dev"] if isinstance(one, str)}
    assert runs - locked("requirements.txt").keys() == set()
    assert builds - locked("requirements-build.txt").keys() == set()
    assert (runs | builds | tests) - locked("requirements-dev.txt").keys() == set()


@pytest.mark.parametrize("name", sorted(LOCKS - {"requirements-dev.txt"}))
def test_what_ships_is_tested_in_the_same_version(name: str) -> None:
    assert locked(name).items() <= locked("requirements-dev.txt").items()


# --- scripts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_is_plain_sh(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in text
    assert os.access(script, os.X_OK)
    # Words that dash, the /bin/sh of Debian, does not know or knows otherwise.
    for word in (r"\[\[", r"^\s*function ", r"\blocal\b", r"<<<", r"\bpipefail\b", r"&>", r" == "):
        assert not re.search(word, text, re.MULTILINE), f"{script.name}: {word}"
    run("sh", "-n", script, cwd=ROOT)


def test_ci_calls_the_same_script_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "exec scripts/test --all --install"
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


# --- the image ---------------------------------------------------------------------------------


def stages() -> list[list[list[str]]]:
    """The Dockerfile: a list of stages, each a list of instructions split into words."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(encoding="utf-8"), flags=re.M)
    found: list[list[list[str]]] = []
    for line in filter(None, text.replace("\\\n", " ").splitlines()):
        words = shlex.split(line)
        if words[0] == "FROM":
            found.append([])
        found[-1].append(words)
    return found


def test_the_image_is_small_and_does_not_run_as_root() -> None:
    *_, last = stages()
    said = {words[0]: words[1:] for words in last}
    assert len(stages()) > 1, "what builds must not ship"
    assert said["USER"] == ["10001"]
    assert said["VOLUME"] == ["/data"]
    assert said["STOPSIGNAL"] == ["SIGTERM"]
    assert "".join(said["HEALTHCHECK"]).endswith("[sms-diary,health]")
    assert not any("pip" in words for words in last), "the last stage installs nothing"


def test_the_image_installs_by_hash_and_builds_nothing_unlocked() -> None:
    runs = [" ".join(words) for stage in stages() for words in stage if words[0] == "RUN"]
    installs = [part for one in runs for part in one.split("&&") if re.search(r"\binstall\b", part)]
    assert installs
    for one in installs:
        assert "--require-hashes" in one or ("--no-deps" in one and "--no-index" in one), one


def test_the_image_copies_only_what_is_here() -> None:
    for words in (words for stage in stages() for words in stage if words[0] == "COPY"):
        if not any(word.startswith("--from") for word in words):
            missing = [word for word in words[1:-1] if not (ROOT / word).exists()]
            assert missing == []


# --- addresses ---------------------------------------------------------------------------------

# Spelt in pieces, since this file is searched too.
HOSTS = [
    "pypi." + "org",
    "python" + "hosted.org",
    "npm" + "js.",
    "deb." + "debian.org",
    "docker" + ".io",
    "gh" + "cr.io",
]
NOT_OURS = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


def committed() -> list[Path]:
    """What git holds or would hold; all files where this is not a clone."""
    if not (ROOT / ".git").exists():
        return [p for p in ROOT.rglob("*") if p.is_file() and not NOT_OURS & set(p.parts)]
    names = run("git", "ls-files", "-coz", "--exclude-standard", cwd=ROOT).split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def test_no_file_names_a_package_registry() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in committed()
        for host in HOSTS
        if host.encode() in path.read_bytes()
    ]
    assert named == []

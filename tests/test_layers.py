"""Imports go down only: the table of `docs/architecture.md`, kept by reading the source.

Nothing is imported here, so an import inside a function or under TYPE_CHECKING counts too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "sms_diary"

# From the bottom up. A name is a module, or a package with all in it but the modules that are named
# in a higher row. What is not here is not allowed: a new module gets its row first.
ROWS = (
    "errors resources values fields crash",
    "config",
    "model phone encoding vault clock ids logs wake",
    "carrying words",
    "consent keywords schedule render retry provider_id ingest filling",
    "plan filled web.words",  # pure as the row below it, made of consent, schedule and filling
    "db collector channels",
    "store channels.http channels.smpp channels.memory",
    "loops writes holding voices announcing",
    (
        "ingest.accept ingest.roster ingest.files ingest.imports ingest.exports ingest.reading"
        " ingest.kinds ingest.watch fanout"
        " compose dispatch receipts inbound requests codes troubles unanswered journals"
        " failover"
    ),
    "monitor reports sending explaining web",
    "admin api parent simulator",
    "app",
    "demo",
    "cli",
    "__main__",
)
# The package's own `__init__` holds the version: beneath all.
ROW = {"": -1} | {name: row for row, names in enumerate(ROWS) for name in names.split()}
# The outermost alone read settings; all others get plain values.
READS_SETTINGS = {"app", "cli", "demo", "__main__"}
# A fake that shares our codec would hide our mistakes.
STRANGERS = {("simulator", "channels"), ("simulator", "encoding")}


def row_of(module: str) -> int | None:
    """The row of this module, or of the nearest package above it."""
    while module not in ROW and "." in module:
        module = module.rpartition(".")[0]
    return ROW.get(module)


def module_name(path: Path, package: Path) -> str:
    parts = path.relative_to(package).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path, package: Path, modules: set[str]) -> Iterator[str]:
    """Our own modules that this file imports, without `sms_diary.`; the package itself is ''."""
    here = [package.name, *path.relative_to(package).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{source}.{alias.name}" for alias in node.names]
        for name in names:
            top, _, rest = name.partition(".")
            if top == package.name:
                # `from sms_diary.store import outbox` names a module, `import Row` a thing in one.
                yield rest if rest in modules else rest.rpartition(".")[0]


def fault(importer: str, target: str) -> str | None:
    """What is wrong with this import, or None. Both are without `sms_diary.`."""
    above, below = row_of(importer), row_of(target)
    package, other = importer.partition(".")[0], target.partition(".")[0]
    if above is None or below is None:
        return "is in no row"
    if other == "config" and package not in READS_SETTINGS:
        return "reads settings, gets them as plain values instead"
    if (package, other) in STRANGERS:
        return "must share no code with it"
    if below > above:
        return "imports upward"
    if below == above and package != other:
        return "imports sideways"
    return None


def faults(package: Path) -> list[str]:
    """Every import that breaks the table, and every module that has no row in it."""
    paths = {module_name(path, package): path for path in sorted(package.rglob("*.py"))}
    found = [f"{name}: is in no row" for name in paths if row_of(name) is None]
    for name, path in paths.items():
        for target in sorted(set(imported(path, package, set(paths)))):
            wrong = fault(name, target)
            found += [f"{name} -> {target}: {wrong}"] if wrong else []
    return found


def test_imports_go_down_only() -> None:
    assert len(list(PACKAGE.rglob("*.py"))) > 10, "the package was not found"
    assert faults(PACKAGE) == []


def write_tree(root: Path, sources: dict[str, str]) -> Path:
    """A package `sms_diary` with these modules, by path, and the few that they import."""
    package = root / "sms_diary"
    usual = dict.fromkeys(["__init__.py", "config.py", "errors.py", "model.py", "db.py"], "")
    for name, source in (usual | sources).items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(source, encoding="utf-8")
    return package


def test_a_tree_that_keeps_the_table_has_no_faults(tmp_path: Path) -> None:
    sources = {
        "app.py": "from sms_diary import config, fanout, __version__\nimport sms_diary.api.web",
        "api/web.py": "from sms_diary import monitor\nfrom .auth import require",
        "api/auth.py": "from ..store.people import guardian",
        "store/people.py": "from sms_diary.db import Queries",
        "fanout.py": "from sms_diary.store import people",
        "monitor.py": "from sms_diary.errors import SmsDiaryError",
        "channels/smpp.py": "from sms_diary.channels import base\nfrom .http import post",
        "channels/http.py": "import asyncio",
        "channels/base.py": "",
    }
    assert faults(write_tree(tmp_path, sources)) == []


UPWARD = "imports upward"


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("model.py", "import sms_diary.db", f"model -> db: {UPWARD}"),
        ("model.py", "from sms_diary.db import Row", f"model -> db: {UPWARD}"),
        ("db.py", "from .app import main", f"db -> app: {UPWARD}"),
        ("db.py", "def late():\n    from sms_diary import app", f"db -> app: {UPWARD}"),
        ("store/a.py", "if TYPE_CHECKING:\n    from ..app import x", f"store.a -> app: {UPWARD}"),
        ("monitor.py", "from sms_diary import api", f"monitor -> api: {UPWARD}"),
        ("channels/base.py", "from .smpp import x", f"channels.base -> channels.smpp: {UPWARD}"),
        ("channels/__init__.py", "from .smpp import x", f"channels -> channels.smpp: {UPWARD}"),
        ("fanout.py", "from sms_diary import compose", "fanout -> compose: imports sideways"),
        ("store/a.py", "from ..channels.smpp import x", "store.a -> channels.smpp: imports sidew"),
        ("fanout.py", "from .config import Settings", "fanout -> config: reads settings"),
        ("simulator/a.py", "from ..channels.smpp import x", "simulator.a -> channels.smpp: must"),
        ("utils.py", "", "utils: is in no row"),
        ("ingest/new.py", "from sms_diary.db import Row", f"ingest.new -> db: {UPWARD}"),
        ("channels/new.py", "from . import smpp", f"channels.new -> channels.smpp: {UPWARD}"),
        ("__init__.py", "from sms_diary.model import x", f" -> model: {UPWARD}"),
    ],
)
def test_a_breach_is_found(tmp_path: Path, path: str, source: str, expected: str) -> None:
    there = ["app.py", "api/__init__.py", "channels/smpp.py", "compose.py"]
    found = faults(write_tree(tmp_path, dict.fromkeys(there, "") | {path: source}))
    assert [one.startswith(expected) for one in found] == [True], found

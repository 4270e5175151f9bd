"""Who may import whom: the contracts of pyproject.toml, and what imports alone cannot show."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from .source import ROOT, imports, modules, name_of

VIEWS = [path for path in modules("admin") if path.name in ("views.py", "forms.py")]
# What a declared package brings as its own face: used directly, it is still that package.
PART_OF = {
    "alembic": "flask-migrate",
    "babel": "flask-babel",
    "click": "flask",
    "flask_principal": "flask-security",
    "httpcore": "httpx",
    "itsdangerous": "flask",
    "jinja2": "flask",
    "limits": "flask-limiter",
    "markupsafe": "flask",
    "passlib": "flask-security",
    "redis": "redis",
    "ulid": "python-ulid",
    "werkzeug": "flask",
}


def test_calls_go_down_the_house_never_up() -> None:
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [program, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("path", VIEWS, ids=name_of)
def test_a_view_or_form_touches_no_database(path: Path) -> None:
    touching = {
        f"{name} (line {line})"
        for name, line in imports(path)
        if name.split(".")[0] in ("sqlalchemy", "flask_sqlalchemy", "alembic")
        or name in ("admin.models.db", "admin.models.base", "admin.models.engine")
    }
    assert touching == set()


@pytest.mark.parametrize("path", modules("scripts"), ids=name_of)
def test_what_runs_before_any_installation_needs_only_python(path: Path) -> None:
    foreign = {
        name
        for name, _ in imports(path)
        if name.split(".")[0] not in (*sys.stdlib_module_names, "scripts")
    }
    assert foreign == set()


def declared() -> set[str]:
    """The names in requirements.in, as the index writes them."""
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    wanted = (line.partition("#")[0].strip() for line in lines)
    return {
        line.partition("~=")[0].partition("[")[0].strip().lower().replace("_", "-")
        for line in wanted
        if line
    }


def test_every_package_that_is_imported_is_one_we_declared() -> None:
    known, owners = declared(), packages_distributions()
    undeclared = {}
    for path in modules("admin", "sandbox"):
        for name, _ in imports(path):
            package = name.split(".")[0]
            if package in (*sys.stdlib_module_names, "admin", "sandbox", "scripts"):
                continue
            from_index = [owner.lower().replace("_", "-") for owner in owners.get(package, [])]
            if not known.intersection([*from_index, PART_OF.get(package, "")]):
                undeclared.setdefault(package, name_of(path))
    assert undeclared == {}

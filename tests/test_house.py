"""The house rules that no linter knows: each with the reason it is there."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest

from tmsplan.base import Params, message_ids

REPO = Path(__file__).resolve().parents[1]
PACKAGE = REPO / "tmsplan"
SOURCES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ("vtk", "vtkmodules", "pyvista", "mne", "sklearn", "nilearn", "dask", "matplotlib",
         "trimesh", "nitransforms", "jinja2", "jsonschema", "pooch", "h5py", "pandas")  # fmt: skip
BRACE = re.compile(r"\{[a-z_][\w.]*(\[[^\]]*\])?(![rs])?(:[^}]*)?\}", re.IGNORECASE)


def trees():
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in SOURCES]


def functions():
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield path, node


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def dotted(path: Path) -> str:
    parts = path.relative_to(REPO).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_message_forgot_its_f() -> None:
    bad = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Raise) or node.exc is None:
                continue
            inside = {id(v) for j in ast.walk(node.exc) if isinstance(j, ast.JoinedStr)
                      for v in ast.walk(j)}  # fmt: skip
            bad += [
                f"{path.name}:{c.lineno} {c.value!r}"
                for c in ast.walk(node.exc)
                if isinstance(c, ast.Constant) and isinstance(c.value, str)
                and id(c) not in inside and BRACE.search(c.value)
            ]  # fmt: skip
    assert bad == []


def test_functions_and_files_stay_small() -> None:
    lengths = sorted((body_lines(n), f"{p.name}:{n.name}") for p, n in functions())
    assert [x for x in lengths if x[0] > 40] == []
    assert lengths[int(0.9 * len(lengths))][0] <= 25
    assert [(p.name, n) for p in SOURCES if (n := len(p.read_text().splitlines())) > 400] == []


def test_every_module_can_be_imported() -> None:
    """A plug-in that nobody imports works in the suite and fails for users."""
    for path in SOURCES:
        if path.name != "__main__.py":
            importlib.import_module(dotted(path))


def test_transforms_are_made_only_in_space_and_always_with_a_reason() -> None:
    bare, silent = [], []
    for path, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in {"Rigid", "Affine", "PointWarp"} and "space" not in path.parts:
                bare.append(f"{path.name}:{node.lineno}")
            if name == "claim" and "because" not in {k.arg for k in node.keywords}:
                silent.append(f"{path.name}:{node.lineno}")
    assert bare == []
    assert silent == []


def test_sides_are_never_indexed() -> None:
    """`surfs[0]` is how left becomes right; a Pair has no index and no iterator."""
    from tmsplan.surface import Pair

    assert not hasattr(Pair, "__getitem__")
    assert not hasattr(Pair, "__iter__")


def test_every_parameter_has_unit_and_source() -> None:
    params = Params().as_dict()
    assert len(params) == len(fields(Params))
    assert [k for k, p in params.items() if not p.unit or not p.source] == []
    missing = [
        p.source for p in params.values()
        if p.source.startswith("docs/") and not list(REPO.glob(f"{p.source}-*.md"))
    ]  # fmt: skip
    assert missing == [], "a source that names a decision record must exist"


def test_every_tripwire_that_can_fire_is_explained() -> None:
    used = {m for p in SOURCES for m in re.findall(r"TP-[A-Z]\d\d", p.read_text())}
    assert used <= set(message_ids())


def test_public_names_are_the_ones_declared() -> None:
    import tmsplan

    rooms = {p.parent.name for p in PACKAGE.glob("*/__init__.py")}
    typed = (PACKAGE / "__init__.py").read_text().split("if TYPE_CHECKING:")[1].split("__all__")[0]
    assert set(
        re.findall(r"\b(\w+)(?:,|$)", re.sub(r".* import ", "", typed), re.MULTILINE)
    ) == set(tmsplan.__all__)
    assert dir(tmsplan) == sorted(tmsplan.__all__)
    assert set(tmsplan._HOMES) == set(tmsplan.__all__)
    for name, home in tmsplan._HOMES.items():
        module = importlib.import_module(f"tmsplan.{home}")
        assert name in module.__all__, f"{name} is not public in {home}"
    assert len(tmsplan.__all__) <= 27
    assert not set(tmsplan.__all__) & rooms, "no public name may be a room's name"
    for name in tmsplan.__all__:
        assert getattr(tmsplan, name).__doc__, name


@pytest.mark.parametrize("command", [["-c", "import tmsplan"], ["-m", "tmsplan", "--help"]])
def test_nothing_heavy_is_imported(command) -> None:
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *command],
        capture_output=True, text=True, check=True, cwd=REPO,
    )  # fmt: skip
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in run.stderr.splitlines()}
    assert loaded & set(HEAVY) == set()


def test_every_module_says_what_it_offers() -> None:
    without = [
        p.relative_to(REPO).as_posix()
        for p, tree in trees()
        if not any(
            getattr(n.targets[0] if isinstance(n, ast.Assign) else n.target, "id", "") == "__all__"
            for n in tree.body
            if isinstance(n, ast.Assign | ast.AnnAssign)
        )
        and p.name not in {"__main__.py"}
    ]
    assert without == []


def test_the_rooms_are_the_ones_of_the_house() -> None:
    rooms = {p.parent.name for p in PACKAGE.glob("*/__init__.py")}
    assert rooms == {"base", "space", "surface", "patient", "coupling", "atlas", "norms", "target",
                     "coil", "plan", "export", "view", "cli"}  # fmt: skip
    top = {p.name for p in REPO.iterdir() if not p.name.startswith(".")}
    allowed = {"README.md", "pyproject.toml", "tmsplan", "meshes", "atlases", "tests", "LICENSE",
               "Makefile", "docs", "benchmarks"}  # fmt: skip
    made = {"demo-out", "build", "dist"}
    assert top - allowed - made == set()


def test_imports_point_down() -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True, text=True, cwd=REPO, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


def test_types_hold() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mypy"], capture_output=True, text=True, cwd=REPO, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("arguments", [["check", "."], ["format", "--check", "."]])
def test_ruff_is_content(arguments) -> None:
    run = subprocess.run(
        [Path(sys.executable).with_name("ruff"), *arguments, "--no-cache"],
        capture_output=True, text=True, cwd=REPO, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout[-3000:]


def test_no_machine_path_and_no_host_of_a_registry() -> None:
    files = subprocess.run(
        ["git", "ls-files"], capture_output=True, text=True, cwd=REPO, check=True
    ).stdout.splitlines()
    pattern = re.compile(r"(/work/|/home/[a-z]|/root/|pypi\.org|files\.pythonhosted|npmjs\.org)")
    hits = []
    for name in files:
        path = REPO / name
        if path.suffix in {".png", ".jpg", ".npz", ".gz", ".gii"} or path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        hits += [f"{name}: {m[0]}" for m in pattern.finditer(text)]
    assert hits == []


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = sorted(int(p.name[:4]) for p in (REPO / "docs/decisions").glob("*.md"))
    assert all(b - a == 1 for a, b in pairwise(numbers))
    assert numbers
    assert numbers[0] == 1


def test_the_schema_is_itself_valid() -> None:
    from jsonschema import Draft202012Validator

    Draft202012Validator.check_schema(
        json.loads((PACKAGE / "plan/plan.schema.json").read_text(encoding="utf-8"))
    )

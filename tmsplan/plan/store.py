"""Write a plan's folder of files, and open it again."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from ..base import strict_json
from ..base.errors import InputError, refuse_file
from .plan import Plan
from .record import SCHEMA, plan_from_record, plan_to_record
from .scene_store import load_scene, scene_bytes

__all__ = ["PLAN_FILE", "SCENE_FILE", "as_stored", "load_plan", "plan_bytes", "save_plan"]

PLAN_FILE = "plan.json"
SCENE_FILE = "scene.npz"


@cache
def _validator() -> Any:  # noqa: ANN401 - jsonschema's own class
    from jsonschema import Draft202012Validator

    text = files("tmsplan.plan").joinpath("plan.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def _check(record: object, name: str) -> dict[str, Any]:
    found = record.get("schema") if isinstance(record, dict) else None
    if found != SCHEMA:
        raise refuse_file(
            name,
            f"schema {found!r}",
            f"a tmsplan plan of schema {SCHEMA}",
            "Open it with the version that wrote it, or pass a plan.json of tmsplan",
        )
    error = next(iter(sorted(_validator().iter_errors(record), key=lambda e: list(e.path))), None)
    if error is not None:
        where = "/".join(map(str, error.absolute_path)) or "the top level"
        raise refuse_file(
            name, f"at {where}: {error.message[:200]}", "the shipped schema", "Do not edit plans"
        )
    return cast("dict[str, Any]", record)


def plan_bytes(plan: Plan) -> bytes:
    """Return plan.json, checked against the schema before anyone sees it."""
    return strict_json.dump_bytes(_check(plan_to_record(plan), PLAN_FILE))


def as_stored(plan: Plan) -> Plan:
    """Return the plan exactly as reading its file would give it, scene kept."""
    record = _check(strict_json.loads(plan_bytes(plan).decode()), PLAN_FILE)
    return replace(plan_from_record(record), scene=plan.scene)


def save_plan(plan: Plan, folder: Path) -> None:
    """Write plan.json, and scene.npz where the plan has a scene, into `folder`.

    The scene is named by its hash in plan.json's ``inputs`` (role ``scene``), which `make`
    put there; the two cannot be exchanged unnoticed.
    """
    (folder / PLAN_FILE).write_bytes(plan_bytes(plan))
    if plan.scene is not None:
        (folder / SCENE_FILE).write_bytes(scene_bytes(plan.scene))


def load_plan(path: Path | str) -> Plan:
    """Open a plan.json (or the folder that holds one).

    Parameters
    ----------
    path : Path
        File or folder.

    Returns
    -------
    Plan
        With its scene if ``scene.npz`` lies beside it.

    Raises
    ------
    InputError
        If the file is not a plan of a known schema, was edited by hand, or if the scene
        beside it is not the one it was made with.
    """
    path = Path(path)
    file = path / PLAN_FILE if path.is_dir() else path
    if not file.is_file():
        raise refuse_file(file, "there is no such file", "a plan.json", "Run 'tmsplan plan' first")
    plan = plan_from_record(_check(strict_json.load_file(file), file.name))
    beside = file.parent / SCENE_FILE
    record = plan.input("scene")
    if record is None or not beside.is_file():
        return plan
    data = beside.read_bytes()
    try:
        return replace(plan, scene=load_scene(data, record.sha256, plan.frame))
    except InputError as err:
        raise refuse_file(
            beside, str(err), "the scene of this plan", "Run the plan again"
        ) from err

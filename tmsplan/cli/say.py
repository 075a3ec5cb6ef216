"""Results to stdout, everything else to stderr; refusals in one sentence, never a traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..base import strict_json
from ..base.errors import TmsplanError
from ..plan.plan import Plan

__all__ = ["bug", "note", "print_plan", "refusal", "result", "working"]

OUR_BUG = 1


def result(text: str, data: Mapping[str, Any], *, as_json: bool) -> None:
    """Print the result of a verb: one JSON object, or text for people."""
    sys.stdout.write(strict_json.dump_bytes(data).decode() if as_json else text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a message beside the result."""
    sys.stderr.write(text + "\n")


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show that something takes a while; on a terminal only."""
    if not sys.stderr.isatty():
        note(f"{text} ...")
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(text):
        yield


def refusal(err: TmsplanError, *, as_json: bool) -> int:
    """Print why tmsplan refused; return the exit code."""
    if as_json:
        data = {"error": type(err).__name__, "message": str(err), "exit": err.exit_code}
        result("", data, as_json=True)
    note(f"tmsplan: {err}")
    return err.exit_code


def bug(err: Exception, *, as_json: bool) -> int:
    """Print a bug of ours: type and place, no local values (they may be a person's)."""
    last = traceback.extract_tb(err.__traceback__)[-1]
    place = f"{last.name} ({last.filename.rsplit('/', 1)[-1]}:{last.lineno})"
    message = f"this is a bug in tmsplan: {type(err).__name__} in {place}"
    if as_json:
        result("", {"error": "bug", "message": message, "exit": OUR_BUG}, as_json=True)
    note(f"tmsplan: {message}. Nothing was written. Please report it with the command you ran.")
    return OUR_BUG


def print_plan(plan: Plan) -> str:
    """Return the plan for a terminal: labels, tripwires, verdict, then the targets."""
    lines = []
    if plan.labels:
        lines.append(f"*** {' · '.join(plan.labels)} ***")
    lines += [str(t) for t in plan.tripwires]
    lines += ["", f"{plan.ranking.verdict}: {plan.ranking.why}", ""]
    lines.append(f"coordinates in mm, {plan.frame} RAS")
    for planned in plan.targets:
        target, pose = planned.target, planned.pose
        x, y, z = pose.centre.mm(plan.frame)[0]
        u, v, w = target.point.mm(plan.frame)[0]
        score = "" if target.z is None else f", z {target.z:.2f}"
        lines += [
            f"{target.id}: {target.name} ({str(target.hemi).upper()}{score})",
            f"  cortex ({u:.1f}, {v:.1f}, {w:.1f}) mm, {pose.depth_mm:.1f} mm under the scalp",
            f"  coil   ({x:.1f}, {y:.1f}, {z:.1f}) mm, {pose.coil}, handle at {pose.handle_deg:g}°",
        ]
    lines += ["", *(f"! {c}" for c in plan.caveats)]
    return "\n".join(lines)

"""``tmsplan compare``: the guided target of a plan beside the standard ones."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import say
from .new_file import require_new_file, write_new_file

__all__ = ["compare"]


def compare(
    plan: Annotated[Path, typer.Argument(help="plan.json, or the folder that holds it.")],
    more: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="As after --against.")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="Standard target, may be repeated; 'all', as without it, for every one."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Table to write (TSV).")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the table.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Hold the guided target against standard ones: distances, angles, z, field, same or not.

    From the plan's own files alone: what it shows, and every other standard target that could be
    placed when it was made.
    """
    from ..plan.compare_plan import compare as compare_plan
    from ..plan.store import load_plan

    if out is not None:
        require_new_file(out, overwrite=overwrite)
    names = [*(against or ()), *(more or ())]
    opened = load_plan(plan)
    with say.working("measuring along cortex and scalp"):
        found = compare_plan(opened, names)
    text, data = str(found), found.as_dict()
    if out is not None:
        write_new_file(out, found.to_tsv())
        text, data = f"{text}\n\n{out}", data | {"table": str(out)}
    say.result(text, data, as_json=json)

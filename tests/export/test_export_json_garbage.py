"""Files with damaged bytes: refused with a reason or read, never a crash."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from export.plan_builder import build_plan

from tmsplan.base.errors import InputError
from tmsplan.export import navigator_formats

NAMES = (
    *("invesalius", "navinibs", "nibs-bids", "slicer-markups", "slicer-transform"),
    *("json-plain", "sheet-text"),
)
PIECES = (b"nan", b"1e400", b"[]", b"{}", b"null", b'"', b"\t", b"\n", b"\xff", b"-", b"9" * 400,
          b"true", b"[[[", b"\x00", b":", b" ")  # fmt: skip


def damaged(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(out))
        match rng.randrange(3):
            case 0:
                out[at] = rng.randrange(256)
            case 1:
                del out[at : at + rng.randint(1, 40)]
            case _:
                out[at:at] = rng.choice(PIECES)
    return bytes(out)


@pytest.mark.parametrize("name", NAMES)
def test_damage_is_refused_or_harmless(name: str, tmp_path: Path) -> None:
    plan, fmt, rng = build_plan(), navigator_formats().get(name), random.Random(5)
    table, *side = fmt.write(plan, tmp_path)
    ends: Counter[str] = Counter()
    for path in (table, *side):
        whole = path.read_bytes()
        for _ in range(200):
            path.write_bytes(damaged(whole, rng))
            try:
                fmt.read(table if name == "nibs-bids" else path, plan)
                ends["read"] += 1
            except InputError:
                ends["refused"] += 1
        path.write_bytes(whole)
    assert ends["refused"] > 100

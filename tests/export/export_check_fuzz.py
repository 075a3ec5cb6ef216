"""Seeds of every format and ways to damage them; used by a test and by a benchmark."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from export_check_head import (
    brainsight_text,
    bumpy_scalp,
    good_poses,
    localite_text,
    plan_of,
    t1_facts,
)

from tmsplan.base.errors import InputError
from tmsplan.export.check import check_pose
from tmsplan.export.registry import navigator_formats

_SCALP, _T1 = bumpy_scalp(), t1_facts()
_POSES = good_poses(_SCALP, 3, seed=2)
_EXPORTS = ("brainsight", "tsv", "visor2", "invesalius", "navinibs", "nibs-bids", "simnibs",
            "simnibs-mat", "json-plain", "localite-gum")  # fmt: skip
#: What breaks parsers: signs of the formats, numbers at the edge, characters nobody sees.
_BITS = (b"\t", b"\n", b'"', b"<", b">", b"&", b"{", b"}", b"[", b"]", b",", b";", b"#", b":",
         b"\x00", b"\xff", b"\xe2\x80\xae", b"1e999", b"-0", b"nan", b"inf", b"(null)", b"None",
         b"99999999999999999999", b"<!ENTITY a 'b'>", b"\\u0000", b"true", b"null",
         b"Matrix4D", b"matrix", b"\r", b" " * 50, b"9" * 400)  # fmt: skip


def _seeds() -> dict[str, bytes]:
    seeds = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in _EXPORTS:
            out = Path(folder) / name
            out.mkdir()
            seeds[name] = navigator_formats().get(name).write(plan_of(_POSES), out)[0].read_bytes()
    samples = brainsight_text(_POSES).replace("# Target Name", "# Sample Name")
    seeds["brainsight samples"] = samples.encode()
    seeds["localite, broken"] = localite_text(
        _POSES, names=["a & b", 'c "d" e', "f"], escaped=False
    ).encode()
    seeds["4 by 4"] = "\n".join(" ".join(map(repr, r)) for r in _POSES[0].tolist()).encode()
    triples = " ".join(f'm{r}{c}="{_POSES[0][r, c]}"' for r in range(3) for c in range(3))
    fp = f'<fp {triples} x="1" y="2" z="80"/>'
    seeds["softaxic"] = f"<stmp><fmpm><fmp id='P1'>{fp}</fmp></fmpm></stmp>".encode()
    return seeds


SEEDS = _seeds()


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one to six damages."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 7))):
        at = int(rng.integers(0, len(out) + 1))
        n = int(rng.integers(1, 40))
        kind = int(rng.integers(6))
        if kind == 0:
            del out[at : at + n]
        elif kind == 1:
            out[at:at] = _BITS[int(rng.integers(len(_BITS)))]
        elif kind == 2:
            out[at : at + n] = _BITS[int(rng.integers(len(_BITS)))]
        elif kind == 3:
            there = int(rng.integers(0, len(out) + 1))
            out[at:at] = out[there : there + 4 * n]
        elif kind == 4 and at < len(out):
            out[at] ^= 1 << int(rng.integers(8))
        else:
            del out[at : None if rng.random() < 0.2 else at + 1]
    return bytes(out)


def outcome(data: bytes) -> str:
    """Return what the checker makes of it; anything but an InputError escapes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        try:
            report = check_pose(path, t1=_T1, scalp=_SCALP)
        except InputError as err:
            if path.name not in str(err):
                raise
            return "refused"
        str(report)
        report.as_dict()
        return "report"


@dataclass
class Found:
    """What a run of fuzzing found."""

    reports: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    clean_but_changed: int = 0
    crashes: list[tuple[str, int, str]] = field(default_factory=list)


def fuzz_for(seconds: float, *, seed: int) -> Found:
    """Damage seeds until the time is up."""
    found, names, k = Found(), sorted(SEEDS), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        k += 1
        name = names[k % len(names)]
        data = mutated(SEEDS[name], np.random.default_rng([seed, k]))
        start = time.monotonic()
        try:
            if outcome(data) == "report":
                found.reports += 1
            else:
                found.refused += 1
        except Exception as err:  # noqa: BLE001 - the crash that is looked for
            found.crashes.append((name, k, f"{type(err).__name__}: {err}"[:200]))
        found.slowest_s = max(found.slowest_s, time.monotonic() - start)
    return found

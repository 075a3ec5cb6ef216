"""How far the direction across the sulcal walls turns when the target moves by 3 mm.

On the crowns of a FreeSurfer person, every target is moved to other crown vertices about 3 mm
away and the direction is found again (`tmsplan.coil.wall`). The table says how much it turns, by
the agreement of the walls: it is where `WALL_CLEAR` comes from (docs/decisions/0024).

    python benchmarks/sulcal_wall.py SUBJECTS_DIR/subject SCALP_SURFACE [--json FILE]
"""

from __future__ import annotations

import argparse
import itertools
import json
from pathlib import Path

import nibabel.freesurfer as nfs
import numpy as np
from scipy.spatial import cKDTree

RADIUS_MM, MOVE_MM, TARGETS = 10.0, 3.0, 400
BINS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 1.0)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subject", type=Path)
    parser.add_argument("scalp", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    skin = nfs.read_geometry(args.scalp)[0]
    agreement, turned = (
        np.concatenate(x)
        for x in zip(*(one_side(args.subject, h, skin) for h in ("lh", "rh")), strict=True)
    )
    rows = []
    print("agreement   targets   turn when moved 3 mm: median, 90th percentile (deg)")
    for low, high in itertools.pairwise(BINS):
        here = turned[(agreement >= low) & (agreement < high)]
        rows.append(
            {
                "from": low,
                "to": high,
                "targets": len(here),
                "median_deg": float(np.median(here)),
                "p90_deg": float(np.quantile(here, 0.9)),
            }
        )
        print(
            f"{low:.1f} - {high:.1f} {len(here):9d} {rows[-1]['median_deg']:19.0f} "
            f"{rows[-1]['p90_deg']:6.0f}"
        )
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def one_side(subject: Path, hemi: str, skin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return agreement and turn (deg) of targets on one hemisphere."""
    white, faces = nfs.read_geometry(subject / f"surf/{hemi}.white")
    pial, _ = nfs.read_geometry(subject / f"surf/{hemi}.pial")
    mid = (white + pial) / 2
    cross = np.cross(mid[faces[:, 1]] - mid[faces[:, 0]], mid[faces[:, 2]] - mid[faces[:, 0]])
    total = np.zeros_like(mid)
    for k in range(3):
        np.add.at(total, faces[:, k], cross)  # twice the area: it weighs the unit normal
    length = np.linalg.norm(total, axis=1)
    normals, areas = total / length[:, None], length
    tree, skin_tree = cKDTree(mid), cKDTree(skin)
    sulc = nfs.read_morph_data(subject / f"surf/{hemi}.sulc")
    depth, nearest = skin_tree.query(mid)
    crown = np.flatnonzero((sulc < 0) & (depth < 30))
    rng = np.random.default_rng(0)
    agreement, turned = [], []
    for target in rng.choice(crown, TARGETS, replace=False):
        outward = skin[nearest[target]] - mid[target]
        outward /= np.linalg.norm(outward)
        axis, share = wall(
            mid, normals, areas, tree.query_ball_point(mid[target], RADIUS_MM), target, outward
        )
        near = np.array(tree.query_ball_point(mid[target], MOVE_MM + 0.5))
        gap = np.linalg.norm(mid[near] - mid[target], axis=1)
        near = near[(gap > MOVE_MM - 0.5) & (sulc[near] < 0)]
        if not len(near):
            continue
        other = int(rng.choice(near))
        moved, _ = wall(
            mid, normals, areas, tree.query_ball_point(mid[other], RADIUS_MM), other, outward
        )
        agreement.append(share)
        turned.append(np.degrees(np.arccos(min(1.0, abs(float(axis @ moved))))))
    return np.array(agreement), np.array(turned)


def wall(
    mid: np.ndarray,
    normals: np.ndarray,
    areas: np.ndarray,
    near: list[int],
    at: int,
    up: np.ndarray,
) -> tuple[np.ndarray, float]:
    """Return the axis across the walls and their agreement: written apart from tmsplan's."""
    gap = np.linalg.norm(mid[near] - mid[at], axis=1)
    weight = areas[near] * np.clip(1 - (gap / RADIUS_MM) ** 2, 0, None)
    flat = normals[near] - np.outer(normals[near] @ up, up)
    values, axes = np.linalg.eigh((flat * weight[:, None]).T @ flat)
    return axes[:, 2], float((values[2] - values[1]) / (values[2] + values[1]))


if __name__ == "__main__":
    main()

# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=1.26", "nibabel>=5.2", "nilearn>=0.11"]
# ///
"""Print the Yeo-7 network of each Desikan-Killiany parcel, as declared in desikan.toml.

    python networks.py LEFT.label.gii RIGHT.label.gii

The two files are Yeo 2011's seven networks on fsaverage5 (doi:10.1152/jn.00338.2011, MIT).
A parcel's network is the one that covers most of its area on fsaverage's white surface,
the medial wall left out; the share is printed beside it.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import nibabel as nib
import numpy as np
from nilearn.datasets import load_fsaverage

HERE = Path(__file__).resolve().parent
NETWORKS = {
    1: "visual",
    2: "somatomotor",
    3: "dorsal attention",
    4: "ventral attention",
    5: "limbic",
    6: "frontoparietal",
    7: "default",
}


def read_ids(path: Path) -> np.ndarray:
    """Return one key per vertex of a GIFTI label file."""
    return np.asarray(nib.load(path).darrays[0].data).astype(int)


def vertex_areas(xyz: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return a third of the area of the triangles around each vertex, mm²."""
    a, b, c = (xyz[faces[:, k]] for k in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return np.bincount(faces.ravel(), np.repeat(areas / 3, 3), minlength=len(xyz))


def main() -> None:
    """Print one line a parcel: id, network, share of its area."""
    declared = tomllib.loads((HERE.parent / "desikan.toml").read_text(encoding="utf-8"))
    white = load_fsaverage("fsaverage5")["white_matter"].parts
    for hemi, yeo_file in zip(("left", "right"), sys.argv[1:3], strict=True):
        yeo = read_ids(Path(yeo_file))
        parcels = read_ids(HERE / f"fsaverage5_{hemi}_desikan.label.gii")
        area = vertex_areas(white[hemi].coordinates, white[hemi].faces)
        for key, side, name, _ in declared["parcels"]:
            if side != hemi:
                continue
            inside = (parcels == key) & (yeo > 0)
            by_network = np.bincount(yeo[inside], area[inside], minlength=8)
            best = int(by_network[1:].argmax()) + 1
            share = by_network[best] / by_network.sum()
            print(f"{key}\t{name}\t{NETWORKS[best]}\t{share:.2f}")


if __name__ == "__main__":
    main()

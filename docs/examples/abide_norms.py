"""Open norms of regional ALFF from ABIDE, fetched by nilearn.

    python docs/examples/abide_norms.py OUT --labels ATLAS.nii.gz [--names NAMES.txt] [--people N]

Fetches the ALFF maps (C-PAC, MNI 3 mm, 8 MB for 10 people) of controls of the Preprocessed
Connectomes Project with ``nilearn.datasets.fetch_abide_pcp``, averages each over the parcels of
a label image in MNI space, writes ``controls.tsv`` and fits ``alff.norms``.

What these norms are: log of regional ALFF over the mean inside the brain, at the scanners of
ABIDE, corrected for age, sex, site and head motion. A patient's ALFF must come from the same
engine (C-PAC's, a standard deviation; other engines differ by factors, see the facts on ALFF in
docs/methods/norms.md) and from a site of ABIDE, or be transferred with local controls. They are
no coupling norms: the project shares no grey-matter maps. ABIDE is CC BY-NC-SA: norms made of it
may be used and shared for research under that licence, and are not part of tmsplan.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

import tmsplan as tp
from tmsplan.base import table_bytes
from tmsplan.base.errors import InputError
from tmsplan.norms import Identity, Measured
from tmsplan.norms.card import card_text, model_card

#: Voxels a parcel must have in everybody; ABIDE's maps are 3 mm, its brains cut at the bottom.
LEAST_VOXELS = 20
CONTROL, SEX = 2, {1: "M", 2: "F"}


def parcel_logs(alff: Path, labels: NDArray[np.int_], affine: NDArray[Any]) -> dict[int, float]:
    """Return the log of each parcel's mean ALFF over the mean of the brain, by id.

    Both images must lie on one grid; a parcel of too few voxels with signal is left out.
    """
    image = nib.load(alff)
    if image.shape != labels.shape or not np.allclose(image.affine, affine, atol=1e-3):
        raise InputError(f"{Path(alff).name}: its grid is not that of the labels; resample them.")
    values = np.asarray(image.dataobj, dtype=float)
    inside = np.isfinite(values) & (values > 0)
    whole = values[inside].mean()
    found = {}
    for k in np.unique(labels[labels > 0]):
        here = inside & (labels == k)
        if here.sum() >= LEAST_VOXELS:
            found[int(k)] = float(np.log(values[here].mean() / whole))
    return found


def controls_table(
    people: Iterable[Mapping[str, Any]],
    maps: Iterable[Path],
    labels: tuple[NDArray[np.int_], NDArray[Any]],
    names: Mapping[int, str],
) -> bytes:
    """Return the normative table of the controls: parcels that everybody has."""
    rows = []
    for person, alff in zip(people, maps, strict=True):
        if int(person["DX_GROUP"]) != CONTROL:
            continue
        known: dict[str, object] = {
            "id": str(person["SUB_ID"]),
            "age": float(person["AGE_AT_SCAN"]),
            "sex": SEX[int(person["SEX"])],
            "site": str(person["SITE_ID"]),
            "mean_fd": float(person["func_mean_fd"]),
        }
        values = parcel_logs(Path(alff), *labels)
        rows.append(known | {names[k]: v for k, v in values.items()})
    whole = [c for c in names.values() if all(c in row for row in rows)]
    lost = [c for c in names.values() if c not in whole]
    sys.stdout.write(f"{len(rows)} controls; left out: {', '.join(lost) or 'no parcel'}\n")
    return table_bytes(["id", "age", "sex", "site", "mean_fd", *whole], rows)


def read_labels(
    path: Path, names: Path | None, like: Path
) -> tuple[tuple[NDArray[np.int_], NDArray[Any]], dict[int, str]]:
    """Return the labels on the grid of ALFF (nearest neighbour) and their names by id."""
    from nilearn.image import resample_to_img

    target = nib.load(like)
    image = resample_to_img(
        nib.load(path), target, interpolation="nearest", force_resample=True, copy_header=True
    )
    labels = np.asarray(image.dataobj).astype(int)
    ids = np.unique(labels[labels > 0]).tolist()
    if names is None:
        return (labels, image.affine), {k: f"parcel_{k}" for k in ids}
    lines = [x.strip() for x in names.read_text(encoding="utf-8").splitlines() if x.strip()]
    if len(lines) < max(ids):
        raise InputError(f"{names.name}: {len(lines)} names for ids up to {max(ids)}.")
    return (labels, image.affine), {k: lines[k - 1] for k in ids}


def fit(table: Path, out: Path, atlas: str) -> str:
    """Fit and save the norms; return their card."""
    identity = Identity(
        Measured(measure="alff", unit="log of ALFF over the brain's mean", engine="cpac",
                 higher_means="more low-frequency fluctuation", atlas=atlas),
        pipeline="PCP C-PAC, no band-pass filter, no global signal regression",
        licence="CC BY-NC-SA (ABIDE)",
        source="ABIDE through nilearn.datasets.fetch_abide_pcp",
    )  # fmt: skip
    model = tp.fit_norms(
        table, covariates=("age", "sex", "site", "mean_fd"), age="spline", identity=identity
    )
    tp.save_norms(model, out)
    return card_text(model_card(model))


def main() -> int:
    """Fetch, average, fit."""
    parser = argparse.ArgumentParser(description="Norms of regional ALFF from ABIDE.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=Path, required=True, help="label image in MNI space")
    parser.add_argument("--names", type=Path, help="one name a line, in order of id")
    parser.add_argument("--people", type=int, help="of both groups; all if not said")
    arguments = parser.parse_args()
    from nilearn.datasets import fetch_abide_pcp

    data = fetch_abide_pcp(n_subjects=arguments.people, derivatives=["alff"], pipeline="cpac")
    people = data.phenotypic.to_dict("records")
    labels, names = read_labels(arguments.labels, arguments.names, Path(data.alff[0]))
    arguments.out.mkdir(parents=True)
    table = arguments.out / "controls.tsv"
    table.write_bytes(controls_table(people, data.alff, labels, names))
    card = fit(table, arguments.out / "alff.norms", arguments.labels.name.split(".")[0])
    sys.stdout.write(f"{card}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

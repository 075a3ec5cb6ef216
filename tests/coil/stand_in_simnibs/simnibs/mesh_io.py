"""A "mesh" that knows coil and pose, and computes the field where it is asked."""

import json
from pathlib import Path

import numpy as np

from tmsplan.coil.efield.source import DipoleSource
from tmsplan.coil.efield.sphere import sphere_field_of_dipoles


class Mesh:
    def __init__(self, path: str) -> None:
        self.told = json.loads(Path(path).read_text(encoding="utf-8"))
        self.field = {"E": self}

    def crop_mesh(self, tag: int):
        if tag != 2:
            raise ValueError("grey matter has the number 2")
        return self

    def interpolate_scattered(self, points, out_fill, continuous):
        if not continuous or not np.isnan(out_fill):
            raise ValueError("fill with NaN, inside grey matter alone")
        rows = np.loadtxt(self.told["coil"], skiprows=2)
        dipoles = DipoleSource("ccd", rows[:, :3], rows[:, 3:])
        pose = np.array(self.told["matsimnibs"])
        pose[:3, 3] *= 1e-3
        return sphere_field_of_dipoles(
            dipoles, pose, np.zeros(3), points * 1e-3, didt=self.told["didt"]
        )


read_msh = Mesh

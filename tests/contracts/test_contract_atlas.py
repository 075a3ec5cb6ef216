"""What every declared atlas must satisfy; runs by itself on each TOML in ``atlases/``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tmsplan.atlas import atlas_info, atlas_names
from tmsplan.atlas.label_data import names_of, read_surface_ids, read_volume_ids
from tmsplan.base.data import data_root
from tmsplan.base.provenance import sha256_file
from tmsplan.space.frame import template_frame
from tmsplan.space.side import Hemi

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "atlases"
IN_FILES = [n for n in atlas_names() if atlas_info(n).status != "own"]


def found(atlas: str, name: str) -> Path:
    """Return a declared file: shipped, or among the real files that a user would supply."""
    if atlas_info(atlas).status == "shipped":
        return data_root("atlases") / atlas / name
    if not SHARED.is_dir():
        pytest.skip("real files are not here: shared/data/atlases beside the checkout")
    return next(SHARED.rglob(name))


@pytest.mark.parametrize("name", atlas_names())
def test_it_is_declared_in_full(name) -> None:
    info = atlas_info(name)
    assert info.doi.startswith("10.")
    assert info.licence
    assert info.title
    assert info.files() or info.status == "own"
    if info.volume is not None:
        assert template_frame(info.volume.template).owner == "template"


@pytest.mark.parametrize("name", atlas_names())
def test_only_what_may_be_redistributed_lies_in_the_repository(name) -> None:
    folder = data_root("atlases") / name
    if atlas_info(name).status == "shipped":
        assert list(folder.glob("LICENSE*"))
    else:
        assert not folder.exists()


@pytest.mark.parametrize("name", atlas_names())
def test_feature_names_are_unique(name) -> None:
    """They are the column names of normative tables."""
    columns = [f"{p.hemi.freesurfer}_{p.name}" for p in atlas_info(name).parcels]
    assert len(set(columns)) == len(columns)
    assert not any(set(c) & set(" \t,;\"'") for c in columns)


@pytest.mark.parametrize("name", atlas_names())
def test_left_and_right_are_the_same_regions_or_declared_apart(name) -> None:
    info = atlas_info(name)
    left, right = (set(names_of(info, h).values()) for h in Hemi)
    if name == "schaefer400x7":  # parcels of this atlas are not homotopic
        assert len(left) == len(right) == 200
    else:
        assert left == right


@pytest.mark.parametrize("name", atlas_names())
def test_candidates_are_cited_lateral_and_on_both_sides(name) -> None:
    info = atlas_info(name)
    chosen = info.candidates["frontoparietal"]
    assert "doi:10." in chosen.source
    sides = {p.id: p.hemi for p in info.parcels}
    both = [sides[i] for i in chosen.ids]
    assert both.count(Hemi.LEFT) >= 4
    assert both.count(Hemi.RIGHT) >= 4


@pytest.mark.parametrize("name", IN_FILES)
def test_every_declared_hash_is_the_real_files(name) -> None:
    for declared in atlas_info(name).files():
        assert sha256_file(found(name, declared.file)) == declared.sha256


@pytest.mark.parametrize("name", IN_FILES)
def test_every_parcel_is_in_the_file_and_every_key_is_a_parcel(name) -> None:
    info = atlas_info(name)
    if info.surface is not None:
        for hemi, declared in info.surface.files.sides():
            ids = read_surface_ids(info, info.surface, hemi, found(name, declared.file))
            assert set(np.unique(ids)) == {0, *names_of(info, hemi)}
    if info.volume is not None:
        volume = read_volume_ids(info, info.volume, found(name, info.volume.file.file))
        assert set(np.unique(volume.data)) == {0, *(p.id for p in info.parcels)}


@pytest.mark.parametrize("name", [n for n in IN_FILES if atlas_info(n).volume])
def test_a_volumes_parcels_lie_on_the_side_they_are_declared_on(name) -> None:
    """x grows to the right in the template. A list of names in the wrong order fails this."""
    info = atlas_info(name)
    volume = read_volume_ids(info, info.volume, found(name, info.volume.file.file))
    affine = volume.grid.world_from_voxel.matrix(volume.grid.world, volume.grid.voxel)
    ijk = np.argwhere(volume.data)
    ids = volume.data[tuple(ijk.T)]
    sums = np.bincount(ids, ijk @ affine[0, :3] + affine[0, 3])
    centre = sums / np.maximum(np.bincount(ids), 1)
    for parcel in info.parcels:
        x = centre[parcel.id]
        # The nearest centroid to the midline lies 2.9 mm from it (Harvard-Oxford).
        assert (x < -2) if parcel.hemi is Hemi.LEFT else (x > 2), (parcel, x)

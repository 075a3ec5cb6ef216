"""The inner skull that lies in a FreeSurfer folder or is named in patient.toml."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from real_files import real_data

from tmsplan.base.errors import InputError
from tmsplan.patient import load_patient
from tmsplan.patient.freesurfer import find_anatomy
from tmsplan.patient.inner_skull import build_inner_skull
from tmsplan.patient.placement import Placement
from tmsplan.surface.formats import read_mesh
from tmsplan.surface.proximity import closest_on_faces

NAME = "sample_ecog_inner_skull_surface"


@pytest.fixture(scope="module")
def patient():
    return load_patient(real_data("mne_sample_ecog"))


def test_the_watershed_surface_is_read_and_holds_the_brain(patient) -> None:
    skull = patient.inner_skull
    assert skull is not None
    assert skull.domain.mesh == "inner-skull"
    assert 1.2e6 < skull.signed_volume() < 1.8e6
    some = patient.mid_points().take(np.arange(0, len(patient.mid_points()), 997))
    assert (closest_on_faces(skull, some).signed_mm < 0).mean() > 0.99
    assert (closest_on_faces(patient.scalp, skull.points).signed_mm < 0).all()
    assert [r.name for r in patient.inputs if r.role == "inner_skull"] == [NAME]


def test_several_surfaces_are_not_chosen_between(tmp_path) -> None:
    for part in ("surf", "mri", "bem"):
        (tmp_path / part).mkdir()
    for name in ("mri/T1.mgz", *(f"surf/{h}.{s}" for h in "lr" for s in ("white", "pial"))):
        (tmp_path / name.replace("/l.", "/lh.").replace("/r.", "/rh.")).touch()
    for name in ("a-inner_skull.surf", "b-inner_skull.surf"):
        (tmp_path / "bem" / name).touch()
    with pytest.raises(InputError, match=r"several inner skull surfaces \(a-inner_skull.*'inner_"):
        find_anatomy(tmp_path)
    (tmp_path / "bem/inner_skull.surf").touch()
    assert find_anatomy(tmp_path).inner_skull == tmp_path / "bem/inner_skull.surf"


def test_a_skull_that_cuts_the_brain_is_refused(patient) -> None:
    mesh = read_mesh(real_data("mne_sample_ecog") / "bem/watershed" / NAME)
    moved = mesh.__class__(**{**_fields(mesh), "xyz": mesh.xyz + np.array([40.0, 0, 0])})
    tkras = _tkras(patient)
    with pytest.raises(InputError, match=rf"{NAME}: \d+ % of the \w+ cortex is outside the inner"):
        build_inner_skull(moved, Placement(patient.scanner, tkras, None), patient.cortex)


def test_a_toml_may_name_it(tmp_path) -> None:
    folder = real_data("mne_sample_ecog")
    source = tmp_path / "patient.toml"
    shutil.copy(folder / "bem/watershed" / NAME, tmp_path / "mine.surf")
    source.write_text(
        f'id = "ecog"\n[anatomy]\nfreesurfer = "{folder}"\ninner_skull = "mine.surf"\n'
    )
    inputs = {r.role: r.name for r in load_patient(source).inputs}
    assert inputs["inner_skull"] == "mine.surf"


def _fields(mesh) -> dict:
    return {name: getattr(mesh, name) for name in mesh.__dataclass_fields__}


def _tkras(patient):
    from tmsplan.space.frame import Frame, Tkras

    return patient.tree.rigid(patient.scanner, Frame(Tkras, patient.scanner.owner))

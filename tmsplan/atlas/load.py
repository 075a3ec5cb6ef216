"""Put a declared atlas on one patient's cortex."""

from __future__ import annotations

from collections.abc import Mapping

from ..base.errors import InputError
from ..patient.patient import Cortex, Patient
from ..space.side import Hemi
from ..surface.domain import Domain
from ..surface.field import Field, Labels
from ..surface.pair import Pair
from .atlas import Atlas
from .declaration import atlas_info
from .label_data import names_of, read_surface_ids
from .supply import verified_file
from .transfer import place_labels, place_own_labels

__all__ = ["load_atlas", "template_labels"]


def load_atlas(name: str, patient: Patient) -> Atlas:
    """Return the atlas called `name` with a label for every vertex of the patient's mesh.

    Parameters
    ----------
    name : str
        One of `atlas_names`, for example ``"desikan"``; ``"aparc"`` is the patient's own.
    patient : Patient
        Needs ``sphere.reg`` (or an fsaverage5 mesh) for a surface atlas, and a route from the
        atlas' template for a volume atlas.

    Returns
    -------
    Atlas
        Labels on the patient's mesh, 0 where there is no parcel; `how` says how they got there.

    Raises
    ------
    InputError
        If there is no such atlas, or a file of it is refused.
    FrameError
        If no route leads from the atlas to this patient; says which inputs would make one.
    MissingPartError
        If a file of the atlas was not supplied yet; says how to.
    """
    info = atlas_info(name)
    place = place_own_labels if info.status == "own" else place_labels
    labels, sha256, how = place(info, patient)
    return Atlas(
        name=info.name,
        title=info.title,
        doi=info.doi,
        licence=info.licence,
        sha256=sha256,
        parcels=info.parcels,
        labels=labels,
        candidates=info.candidates,
        how=how,
        areas=patient.cortex.map(_areas),
    )


def _areas(cortex: Cortex) -> Field:
    return Field(cortex.mid.vertex_areas(), cortex.domain, "area", "mm²")


def template_labels(name: str) -> tuple[Pair[Labels], Mapping[int, str]]:
    """Return a surface atlas on its own template mesh, and the name of every id.

    Raises
    ------
    InputError
        If there is no such atlas, or it does not lie on a mesh.
    MissingPartError
        If its files were not supplied yet.
    """
    info = atlas_info(name)
    data = info.surface
    if data is None:
        raise InputError(f"atlas {name} lies on no template mesh; take one that does.")
    sides = {}
    for hemi, declared in data.files.sides():
        ids = read_surface_ids(info, data, hemi, verified_file(info, declared))
        domain = Domain(data.mesh, data.density, hemi, "template")
        sides[hemi] = Labels(ids, domain, names_of(info, hemi))
    names = {p.id: p.name for p in info.parcels}
    return Pair(sides[Hemi.LEFT], sides[Hemi.RIGHT]), names

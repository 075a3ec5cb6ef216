"""A made-up head with closed forms: a sphere for a scalp, two ellipsoids for hemispheres."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import trimesh

from tmsplan.patient import Cortex, Patient, T1w
from tmsplan.space.frame import Frame, Scanner, Voxel
from tmsplan.space.grid import Grid, Volume
from tmsplan.space.points import Points, Vectors
from tmsplan.space.side import Hemi
from tmsplan.space.transform import Affine, Rigid
from tmsplan.space.tree import FrameTree
from tmsplan.surface import Domain, Field, Labels, Pair, Surface
from tmsplan.target.ranking import RankedParcel
from tmsplan.target.target import Target

FRAME = Frame(Scanner, "round")
SCALP_MM = 90.0
#: Of the pial surface; the long axis runs front to back, as in a brain.
AXES_MM, CENTRE_MM, THICK_MM = np.array([32.0, 68.0, 58.0]), 34.0, 3.0
MIRROR = np.diag([-1.0, 1.0, 1.0])
PARCEL = 1001


def sphere(subdivisions: int) -> tuple[np.ndarray, np.ndarray]:
    mesh = trimesh.creation.icosphere(subdivisions=subdivisions)
    return np.asarray(mesh.vertices, dtype=float), np.asarray(mesh.faces, dtype=np.int32)


def scalp(radius: float = SCALP_MM, subdivisions: int = 5, bumps: float = 0.0) -> Surface[Scanner]:
    """A sphere round the origin; `bumps` mm of smooth relief without any symmetry."""
    v, f = sphere(subdivisions)
    relief = np.cos(v @ [3.0, 1.0, 2.0]) + np.sin(v @ [-1.0, 2.5, 4.0] + 0.7)
    v = v * (radius + bumps * relief)[:, None]
    return Surface(Points(v, FRAME), f, Domain("scalp", len(v), Hemi.LEFT, "round"))


def hemisphere(hemi: Hemi) -> Cortex:
    v, f = sphere(4)
    if hemi is Hemi.RIGHT:
        v, f = v @ MIRROR, f[:, ::-1]
    centre = [-CENTRE_MM if hemi is Hemi.LEFT else CENTRE_MM, 0, 0]
    domain = Domain("fsnative", len(v), hemi, "round")
    pial = Surface(Points(v * AXES_MM + centre, FRAME), f, domain)
    white = pial.with_points(Points(v * (AXES_MM - THICK_MM) + centre, FRAME))
    # Folds of 20 mm: crowns and sulci in turn, with gyri wide enough for a point.
    sulc = np.sin(pial.points.mm(FRAME) @ [0.0, 0.3, 0.1])
    return Cortex(white, pial, fields={"sulc": Field(sulc, domain, "sulc", "mm")})


def head(skin: Surface[Scanner] | None = None) -> Patient:
    grid = Grid(
        (2, 2, 2),
        Affine.claim(np.eye(4), dst=FRAME, src=Frame(Voxel, "round"), because="made up"),
    )
    t1w = T1w(Volume(np.zeros((2, 2, 2)), grid), "0" * 64, 1, 1, (1.0, 1.0, 1.0), needs_copy=False)
    return Patient(
        "round",
        Pair(hemisphere(Hemi.LEFT), hemisphere(Hemi.RIGHT)),
        t1w,
        FrameTree(FRAME),
        scalp=scalp() if skin is None else skin,
    )


def moved(patient: Patient, matrix: np.ndarray) -> Patient:
    """The same head, held differently in the scanner."""
    move = Rigid.claim(matrix, dst=patient.scanner, src=patient.scanner, because="moved head")

    def side(c: Cortex) -> Cortex:
        return replace(c, white=c.white.moved(move), pial=c.pial.moved(move))

    return replace(patient, cortex=patient.cortex.map(side), scalp=patient.scalp.moved(move))


def mirrored(patient: Patient) -> Patient:
    """The mirrored head: what was left is right."""

    def flip(s: Surface[Scanner], domain: Domain) -> Surface[Scanner]:
        xyz = s.points.mm(s.frame) @ MIRROR
        return Surface(Points(xyz, s.frame), s.faces[:, ::-1], domain)

    def side(hemi: Hemi) -> Cortex:
        c = patient.cortex.side(hemi.other)
        domain = replace(c.domain, hemi=hemi)
        fields = {k: replace(f, domain=domain) for k, f in c.fields.items()}
        return Cortex(flip(c.white, domain), flip(c.pial, domain), fields=fields)

    skin = patient.scalp
    return replace(
        patient, cortex=Pair(side(Hemi.LEFT), side(Hemi.RIGHT)), scalp=flip(skin, skin.domain)
    )


def permuted(patient: Patient, order: np.ndarray) -> Patient:
    """The same left hemisphere with its vertices in another order."""
    c = patient.cortex.left
    place = np.argsort(order)

    def shuffle(s: Surface[Scanner]) -> Surface[Scanner]:
        return Surface(s.points.take(order), place[s.faces], s.domain)

    fields = {k: replace(f, values=f.values[order]) for k, f in c.fields.items()}
    left = Cortex(shuffle(c.white), shuffle(c.pial), fields=fields)
    return replace(patient, cortex=Pair(left, patient.cortex.right))


def labels(patient: Patient, mask: np.ndarray) -> Pair[Labels]:
    """One parcel on the left; the right has none."""

    def side(hemi: Hemi) -> Labels:
        domain = patient.cortex.side(hemi).domain
        ids = np.where(mask, PARCEL, 0) if hemi is Hemi.LEFT else np.zeros(domain.density)
        return Labels(ids.astype(np.int32), domain, {PARCEL: "patch"})

    return Pair(side(Hemi.LEFT), side(Hemi.RIGHT))


def fields(patient: Patient, left: np.ndarray) -> Pair[Field]:
    """A map with values on the left; the right has none."""
    right = patient.cortex.right.domain
    return Pair(
        Field(left, patient.cortex.left.domain, "coupling", "1"),
        Field(np.full(right.density, np.nan), right, "coupling", "1"),
    )


def parcel(parcel_id: int = PARCEL, hemi: Hemi = Hemi.LEFT) -> RankedParcel:
    return RankedParcel(
        rank=1, parcel_id=parcel_id, name="patch", hemi=hemi, network=None, value=0.1, z=-2.5,
        z_low=-3.0, z_high=-2.0, z_shrunk=-1.2, centile=0.01, q=0.04, p_top=0.8, n=100,
        coverage=1.0, candidate=True, reachable=True, reasons=(),
    )  # fmt: skip


def target(xyz, hemi: Hemi, frame: Frame[Scanner] = FRAME) -> Target:
    return Target(
        id="t", name="a target", kind="standard", hemi=hemi, parcel_id=None, vertex=0,
        point=Points(xyz, frame), normal=Vectors([0, 0, 1], frame), spread_mm=None, z=None,
        why="made up", provenance="made up",
    )  # fmt: skip

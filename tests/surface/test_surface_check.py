"""Each predicate of a closed surface fires, with its diagnosis; real surfaces pass."""

from __future__ import annotations

import numpy as np
import pytest
from surface_cases import SCANNER, freesurfer, fsaverage5, icosphere, surface

from tmsplan.base.errors import InputError
from tmsplan.space import Hemi
from tmsplan.surface import check_closed, check_cortex


@pytest.mark.parametrize("name", ["lh.pial", "lh.white", "rh.pial", "rh.white"])
def test_real_cortex_passes(ecog, name):
    check_cortex(freesurfer(ecog / "surf" / name, Hemi.parse(name[:2])))


def test_real_skin_passes(ecog):
    watershed = ecog / "bem" / "watershed"
    check_closed(freesurfer(watershed / "sample_ecog_outer_skin_surface"), "scalp")
    check_closed(freesurfer(watershed / "sample_ecog_inner_skull_surface"), "inner skull")


@pytest.mark.parametrize("hemi", list(Hemi))
@pytest.mark.parametrize("part", ["pial", "white_matter"])
def test_fsaverage5_passes(part, hemi):
    check_cortex(fsaverage5(part, hemi))


def ball(radius=80.0):
    s = icosphere(2, radius)
    return s.points.mm(SCANNER).copy(), s.faces.copy()


def handle():
    """A torus: closed, one part, one tunnel."""
    n, m = 24, 12
    u, v = np.meshgrid(np.arange(n), np.arange(m), indexing="ij")
    a, b = 2 * np.pi * u / n, 2 * np.pi * v / m
    ring = 60 + 25 * np.cos(b)
    xyz = np.stack([ring * np.cos(a), ring * np.sin(a), 25 * np.sin(b)], -1).reshape(-1, 3)
    i, right, up = u * m + v, (u + 1) % n * m + v, u * m + (v + 1) % m
    corner = (u + 1) % n * m + (v + 1) % m
    first = np.stack([i, right, corner], -1).reshape(-1, 3)
    return xyz, np.vstack([first, np.stack([i, corner, up], -1).reshape(-1, 3)])


def turned(xyz, faces):
    faces[0] = faces[0, ::-1]
    return xyz, faces


def far(xyz, faces):
    xyz[5] *= 5
    return xyz, faces


BREAKS = {
    "hole": lambda x, f: (x, f[1:]),
    "lone vertex": lambda x, f: (np.vstack([x, [[0, 0, 0]]]), f),
    "stuck together": lambda x, f: (x, np.vstack([f, f[:1]])),
    "one triangle turned": turned,
    "two parts": lambda x, f: (np.vstack([x, x * 0.1]), np.vstack([f, f + len(x)])),
    "tunnel": lambda _x, _f: handle(),
    "corners reversed": lambda x, f: (x, f[:, ::-1]),
    "mirrored": lambda x, f: (x * [-1, 1, 1], f),
    "metres": lambda x, f: (x / 1000, f),
    "far vertex": far,
}


def broken(how):
    return surface(*BREAKS[how](*ball()))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("hole", "3 edges have one triangle and 0 have more than two"),
        ("lone vertex", "1 vertices have no triangle, the first is 162"),
        ("stuck together", "0 edges have one triangle and 3 have more than two"),
        ("one triangle turned", "at 3 edges two triangles are not oriented consistently"),
        ("two parts", "falls into 2 connected components"),
        ("tunnel", r"V - E \+ F is 0; expected 2. It has 1 handle"),
        ("corners reversed", r"volume is -2072\.\d cm³, so its triangles face inward"),
        ("mirrored", "It is inside out: its coordinates were mirrored"),
        ("metres", "longest side between 100 and 350 mm. The unit may be wrong"),
        ("far vertex", "or a vertex is displaced"),
    ],
)
def test_refuses(how, message):
    with pytest.raises(InputError, match=message):
        check_closed(broken(how), "scalp")


def test_message_names_the_surface():
    with pytest.raises(InputError, match=r"^scalp of sub-01/made left \(162 vertices\): "):
        check_closed(broken("hole"), "scalp")


def test_cortex_and_scalp_have_their_own_size():
    small = icosphere(2, 45.0)
    check_cortex(small)
    with pytest.raises(InputError, match="between 100 and 350 mm"):
        check_closed(small, "scalp")
    large = icosphere(2, 140.0)
    check_closed(large, "scalp")
    with pytest.raises(InputError, match=r"^cortex of .* between 60 and 250 mm"):
        check_cortex(large)

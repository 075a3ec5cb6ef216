"""What the same map might look like on a second scan, to tell how sure a coordinate is.

Vertices are not resampled: neighbours share their noise, so a vertex bootstrap would promise
fractions of a millimetre. Instead a second scan is simulated at the assumed reliability, with
noise as smooth as the map itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

__all__ = ["rescans"]

Floats = NDArray[np.float64]

#: Simulated second scans: the root mean square of the moves is then known to about 7 %.
_SCANS = 100
#: Waves that add up to one noise field.
_WAVES = 64
#: Fixed, so that a plan can be repeated; the geometry, not the vertex order, meets the waves.
_SEED = 20_240_601


def rescans(
    values: Floats,
    xyz: Floats,
    edges: csr_array[Any],
    icc: float,
) -> Iterator[Floats]:
    """Yield simulated second scans of a map.

    Given a first scan v with mean m and standard deviation s, a second scan of reliability
    ICC has the expectation m + ICC (v - m) and the standard deviation s sqrt(1 - ICC²) around
    it (bivariate normal). The noise is a sum of cosine waves with a Gaussian spectrum whose
    length is that of the map: for neighbours at distance d with difference e,
    length² = s² mean(d²) / mean(e²).

    Waves are drawn in the patch's own axes (principal axes, each turned so that the third
    moment is positive): neither the order of the vertices nor the pose of the head matters.

    Parameters
    ----------
    values : (n,) float64
        The first scan, finite.
    xyz : (n, 3) float64
        Positions in mm.
    edges : (n, n) sparse
        Neighbours.
    icc : float
        Reliability of one vertex, 0 to 1.

    Yields
    ------
    (n,) float64
        100 of them; none if the map is constant or has no neighbours to compare.
    """
    length = _length_mm(values, xyz, edges)
    if length is None:
        return
    expected = values.mean() + icc * (values - values.mean())
    scale = values.std() * np.sqrt(max(0.0, 1 - icc**2))
    place = _own_axes(xyz) / length
    rng = np.random.default_rng(_SEED)
    for _ in range(_SCANS):
        waves = rng.standard_normal((3, _WAVES))
        phases = rng.uniform(0, 2 * np.pi, _WAVES)
        noise = np.cos(place @ waves + phases).sum(axis=1) * np.sqrt(2 / _WAVES)
        yield expected + scale * noise


def _length_mm(values: Floats, xyz: Floats, edges: csr_array[Any]) -> float | None:
    pairs = edges.tocoo()
    if pairs.nnz == 0 or values.std() == 0:
        return None
    step = ((xyz[pairs.row] - xyz[pairs.col]) ** 2).sum(axis=1).mean()
    change = ((values[pairs.row] - values[pairs.col]) ** 2).mean()
    return float(np.sqrt(values.var() * step / change)) if change > 0 else None


def _own_axes(xyz: Floats) -> Floats:
    centred = xyz - xyz.mean(axis=0)
    own = centred @ np.linalg.eigh(centred.T @ centred)[1]
    skew = (own**3).sum(axis=0)
    return np.asarray(own * np.where(skew < 0, -1.0, 1.0))

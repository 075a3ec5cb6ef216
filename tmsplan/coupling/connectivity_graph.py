"""What a structural connectome says about every pair of regions, and its harmonics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["communicability", "harmonics", "normalised", "path_lengths"]

Floats = NDArray[np.float64]


def normalised(weights: Floats) -> Floats:
    """Return ``D^-1/2 W D^-1/2`` of symmetric (r, r) weights, whose eigenvalues are -1 to 1.

    Rows without any weight stay 0.
    """
    strength = weights.sum(axis=1)
    scale = np.divide(1.0, np.sqrt(strength), out=np.zeros_like(strength), where=strength > 0)
    return np.asarray(scale[:, None] * weights * scale)


def communicability(weights: Floats) -> Floats:
    """Return the (r, r) normalised weighted communicability, ``exp(D^-1/2 W D^-1/2)``.

    Without the normalisation the exponential of real streamline counts overflows.

    Source: Crofts and Higham 2009, doi:10.1098/rsif.2008.0484.
    """
    values, vectors = np.linalg.eigh(normalised(weights))
    return np.asarray((vectors * np.exp(values)) @ vectors.T)


def path_lengths(weights: Floats) -> Floats:
    """Return the (r, r) lengths of shortest paths, each connection as long as 1 / weight.

    Infinite between regions that no path joins.
    """
    length = sparse.csr_array(weights)
    length.data = 1.0 / length.data
    return np.asarray(csgraph.shortest_path(length, method="D", directed=False))


def harmonics(weights: Floats) -> tuple[Floats, Floats]:
    """Return eigenvalues (r,) and eigenvectors (r, r) of the symmetric normalised Laplacian.

    ``L = I - D^-1/2 W D^-1/2``; ascending, so the first vary least along the connections.
    Every region must have a connection.
    """
    values, vectors = np.linalg.eigh(np.eye(len(weights)) - normalised(weights))
    return np.asarray(values), np.asarray(vectors)

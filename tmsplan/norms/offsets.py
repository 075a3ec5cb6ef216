"""How much of the differences between sites to believe, feature by feature.

Sites are drawn from a population of sites: offset ~ N(0, τ²), people ~ N(0, σ²) around it.
In the orthonormal basis of `Design` everything that the controls say about τ² is in the
projections c_j on the site axes, c_j ~ N(0, σ² + τ² d_j) with d_j the information on the axis,
and in the residual sum of squares E with all sites free. For λ = τ²/σ² the restricted
likelihood, with σ² integrated out under the prior 1/σ², is

    Π (1 + λ d_j)^(-1/2) · [E + Σ c_j² / (1 + λ d_j)]^(-(n - k) / 2).

λ is not maximised: with few sites its maximum is 0 most of the time, and that would be
certainty out of ignorance. It is averaged, under a flat prior on the share τ²/(τ² + σ²) of
variance that lies between sites, through the weight w = λ d / (1 + λ d) that a site of average
size keeps of its own offset. Given λ, the offsets' uncertainty is w b² in the leverage of a
person of that site, with n - k degrees of freedom; figures in docs/decisions/0018.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .design import Design

__all__ = ["RATIOS", "keep", "pool"]

Floats = NDArray[np.float64]

#: λ from "sites are alike" to an ICC of sites of .99; a step moves a weight by .05 at most.
RATIOS = np.concatenate([[0.0], np.geomspace(1e-4, 100, 43)])
#: Features worked on at once: 44 ratios each.
_BLOCK = 4096


def keep(design: Design, ratio: Floats) -> Floats:
    """Return the weight of every basis column, (p, f): 1 where fixed, less for sites.

    Parameters
    ----------
    design : Design
    ratio : (f,) float64
        λ of each feature, 0 or more.
    """
    scaled = design.site_size[:, None] * ratio
    return np.vstack([np.ones((design.k, len(ratio))), scaled / (1 + scaled)])


def pool(design: Design, projected: Floats, error: Floats) -> Floats:
    """Return λ = τ²/σ² of each feature, one of `RATIOS`.

    Parameters
    ----------
    design : Design
    projected : (p, f) float64
        Values in the basis of the design.
    error : (f,) float64
        Sum of squares of what is left with every column free.

    Returns
    -------
    (f,) float64
        0 where sites have no offset.
    """
    if not len(design.site_size):
        return np.zeros(len(error))
    squares = projected[design.k :] ** 2
    blocks = [slice(i, i + _BLOCK) for i in range(0, len(error), _BLOCK)]
    return np.concatenate([_pool(design, squares[:, b], error[b]) for b in blocks])


def _pool(design: Design, squares: Floats, error: Floats) -> Floats:
    size = design.site_size
    left = 1 / (1 + RATIOS[:, None] * size)
    log_p = 0.5 * np.log(left).sum(axis=1)[:, None] + np.log(_prior())[:, None]
    log_p = log_p - design.df / 2 * np.log(error + left @ squares)
    p = np.exp(log_p - log_p.max(axis=0))
    average = size.mean()
    kept = (RATIOS * average / (1 + RATIOS * average)) @ p / p.sum(axis=0)
    wanted = kept / (1 - kept) / average
    # Snapped to the grid, so that features of one ratio share every matrix that is inverted.
    return np.asarray(RATIOS[_nearest(wanted, average)])


def _nearest(wanted: Floats, average: float) -> NDArray[np.intp]:
    scale = RATIOS * average / (1 + RATIOS * average)
    weight = wanted * average / (1 + wanted * average)
    middle = (scale[1:] + scale[:-1]) / 2
    return np.searchsorted(middle, weight)


def _prior() -> Floats:
    """Return the prior of each ratio: flat in λ / (1 + λ)."""
    share = RATIOS / (1 + RATIOS)
    middle = (share[1:] + share[:-1]) / 2
    return np.diff(np.concatenate([[0.0], middle, [1.0]]))

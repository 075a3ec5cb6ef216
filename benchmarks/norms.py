"""Fit and score all features at once, beside one least-squares fit per feature.

Run: ``python benchmarks/norms.py``. Prints one JSON object. Both do the same work in one
process, n = 500 controls, 246 features, age and sex: coefficients, residual sd and predictive z
of one person; then also leave-one-out z of every control, whose tail probabilities take most
of the time on either side.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from tmsplan.norms.design import Design
from tmsplan.norms.predictive import predictive_z
from tmsplan.norms.resample import leave_one_out_z

CONTROLS, FEATURES, REPEATS = 500, 246, 7
AGE0 = 40.0


def data():
    rng = np.random.default_rng(1)
    age, male = rng.uniform(18, 65, CONTROLS), (rng.random(CONTROLS) < 0.5).astype(float)
    values = 5 + 0.02 * age[:, None] - 0.3 * male[:, None]
    return age, male, values + rng.normal(size=(CONTROLS, FEATURES)), rng.normal(5.8, 1, FEATURES)


def ours(age, male, values, person, *, others=False):
    design = Design.of(age, male)
    fitted = design.q.T @ values
    residuals = values - design.q @ fitted
    sd = np.sqrt(np.sum(residuals**2, axis=0) / design.df)
    _, q = design.rows(np.array([AGE0]), "F")
    z = predictive_z((person - q[0] @ fitted) / (sd * np.sqrt(1 + q[0] @ q[0])), design.df)
    return z, leave_one_out_z(design.q, residuals / sd) if others else None


def loop(age, male, values, person, *, others=False):
    """One numpy least-squares fit per feature, leverages once, as scripts do it."""
    x = np.column_stack([np.ones(len(age)), age, male])
    inverse = np.linalg.inv(x.T @ x)
    x0 = np.array([1.0, AGE0, 0.0])
    h0, h = x0 @ inverse @ x0, np.einsum("ij,jk,ik->i", x, inverse, x)
    n, k = x.shape
    z, loo = np.empty(values.shape[1]), np.empty_like(values)
    for f in range(values.shape[1]):
        beta, *_ = np.linalg.lstsq(x, values[:, f], rcond=None)
        e = values[:, f] - x @ beta
        s = np.sqrt(e @ e / (n - k))
        z[f] = predictive_z(np.array([(person[f] - x0 @ beta) / (s * np.sqrt(1 + h0))]), n - k)[0]
        if not others:
            continue
        without = np.sqrt((e @ e - e**2 / (1 - h)) / (n - k - 1))
        loo[:, f] = predictive_z(e / (without * np.sqrt(1 - h)), n - k - 1)
    return z, loo


def best_of(function, *arguments, **options) -> float:
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function(*arguments, **options)
        times.append(time.perf_counter() - start)
    return min(times)


def sklearn_loop(age, male, values):
    """Only the fits, by scikit-learn, one feature at a time."""
    from sklearn.linear_model import LinearRegression

    x = np.column_stack([age, male])
    return [LinearRegression().fit(x, values[:, f]).coef_ for f in range(values.shape[1])]


def fit_only(age, male, values):
    design = Design.of(age, male)
    return np.linalg.solve(design.r, design.q.T @ values)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    age, male, values, person = data()
    a, b = (f(age, male, values, person, others=True) for f in (ours, loop))
    coefficients = np.array(sklearn_loop(age, male, values)).T
    seconds = {
        "fit_and_z_ours": best_of(ours, age, male, values, person),
        "fit_and_z_loop": best_of(loop, age, male, values, person),
        "and_others_ours": best_of(ours, age, male, values, person, others=True),
        "and_others_loop": best_of(loop, age, male, values, person, others=True),
        "fit_ours": best_of(fit_only, age, male, values),
        "fit_sklearn_loop": best_of(sklearn_loop, age, male, values),
    }
    result = {
        "controls": CONTROLS,
        "features": FEATURES,
        "seconds": {k: round(v, 5) for k, v in seconds.items()},
        "ratio_fit_and_z": round(seconds["fit_and_z_loop"] / seconds["fit_and_z_ours"], 1),
        "ratio_and_others": round(seconds["and_others_loop"] / seconds["and_others_ours"], 1),
        "ratio_fit": round(seconds["fit_sklearn_loop"] / seconds["fit_ours"], 1),
        "max_abs_difference_z": float(np.abs(a[0] - b[0]).max()),
        "max_abs_difference_loo_z": float(np.abs(a[1] - b[1]).max()),
        "max_abs_difference_coefficients": float(
            np.abs(fit_only(age, male, values)[1:] - coefficients).max()
        ),
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

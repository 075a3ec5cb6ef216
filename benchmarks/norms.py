"""Fit and score all features at once, beside scikit-learn's BayesianRidge feature by feature.

Run: ``python benchmarks/norms.py``. Both fit the same design (500 controls, 246 features, age
and sex) and give the deviation of one person, alternating in one process. BayesianRidge draws
coefficients towards 0 by a prior that it estimates, ours does not: the models coincide where
effects are strong against that prior, so the values here have strong effects, and the
difference with weak ones is printed beside. Compared is the standardised residual: BayesianRidge
takes it as normal, ours as Student's t, which is a choice and not an error of either. Then: the
same with offsets of ten sites, and with leave-one-out z of every control (ours only). Last: how
often healthy newcomers of a known site are flagged, for docs/decisions/0018.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
from sklearn.linear_model import BayesianRidge

from tmsplan.norms import Design, People
from tmsplan.norms.fitted import fit_values

CONTROLS, FEATURES, SITES, REPEATS, CALLS = 500, 246, 10, 5, 100
LIMIT = -1.959964
NAMES = tuple(f"f{k}" for k in range(FEATURES))


def controls(effect: float):
    """Return controls, their values and one person; `effect` multiplies slope and sex effect."""
    rng = np.random.default_rng(1)
    site = tuple(f"s{k}" for k in rng.integers(0, SITES, CONTROLS))
    male = (rng.random(CONTROLS) < 0.5).astype(float)
    who = People(rng.uniform(18, 65, CONTROLS), male, site)
    slope, shift = effect * 0.02, effect * 0.3
    noise = rng.normal(size=(CONTROLS, FEATURES))
    values = 5 + slope * (who.age[:, None] - 40) - shift * male[:, None] + noise
    person = People(np.array([45.0]), np.array([0.0]), ("s3",))
    return who, values, person, 5 + slope * 5 + rng.normal(size=FEATURES)


def ours(data, covariates=("age", "sex"), *, others=False):
    who, values, person, value = data
    fitted = fit_values(Design.of(who, covariates), NAMES, values)
    if others:
        return fitted.loo_z
    found = fitted.standard(value[None], person)
    return (found.residual / np.sqrt(1 + found.leverage))[0]


def ridge_loop(data):
    who, values, person, value = data
    x = np.column_stack([who.age, who.male])
    mean, sd = x.mean(axis=0), x.std(axis=0)
    x0 = (np.column_stack([person.age, person.male]) - mean) / sd
    x = (x - mean) / sd
    out = np.empty(FEATURES)
    for f in range(FEATURES):
        model = BayesianRidge().fit(x, values[:, f])
        expected, spread = model.predict(x0, return_std=True)
        # It takes the intercept as known: for the comparison the variance of a mean and the
        # degree of freedom that it costs are added.
        noise = 1 / model.alpha_
        scale = np.sqrt((spread**2 + noise / CONTROLS) * (CONTROLS - 2) / (CONTROLS - 3))
        out[f] = ((value[f] - expected) / scale)[0]
    return out


def seconds(function, *arguments, calls=1, **options) -> float:
    """Return the mean time of a call; many calls where one is too short to be measured."""
    start = time.perf_counter()
    for _ in range(calls):
        function(*arguments, **options)
    return (time.perf_counter() - start) / calls


def spread_of(times) -> dict[str, float]:
    return {
        "median": round(statistics.median(times), 3),
        "min": round(min(times), 3),
        "max": round(max(times), 3),
    }


def false_alarms(
    n: int, sites: int, between: float, *, one_out: bool = False, references: int = 20
) -> dict[str, float]:
    """Return the share of healthy newcomers of a known site below and above 2.5 %, in percent.

    Sites are of unequal size and differ with the standard deviation `between` (in residual
    standard deviations); with `one_out` only one differs, by that much, and the newcomers are
    its own. Beside: mean and sd of the controls plugged in, sites as free columns.
    """
    rng = np.random.default_rng(91)
    low = high = plugged = 0
    for _ in range(references):
        chance = 1 / np.arange(1, sites + 1) ** 1.5
        drawn = rng.choice(sites, n - sites, p=chance / chance.sum())
        code = np.concatenate([np.arange(sites), drawn])
        male = (np.arange(n) % 2).astype(float)
        who = People(rng.uniform(20, 60, n), male, tuple(f"s{c}" for c in code))
        offset = between * rng.normal(size=(sites, 400))
        own = rng.choice(code)
        if one_out:
            own, offset = 0, between * (np.arange(sites) == 0)[:, None] * np.ones(400)
        values = rng.normal(size=(n, 400)) + offset[code]
        person = People(rng.uniform(25, 55, 1), np.zeros(1), (f"s{own}",))
        value = rng.normal(size=(1, 400)) + offset[own]
        z = fit_values(Design.of(who), tuple(f"f{k}" for k in range(400)), values).z(value, person)
        low, high = low + np.sum(z < LIMIT), high + np.sum(z > -LIMIT)
        x = np.column_stack([who.age, male, np.eye(sites)[code]])
        beta = np.linalg.lstsq(x, values, rcond=None)[0]
        x0 = np.concatenate([person.age, [0.0], np.eye(sites)[own]])
        sd = (values - x @ beta).std(axis=0)
        plugged += np.sum((value - x0 @ beta) / sd < LIMIT)
    share = 100 / (references * 400)
    return {
        "low": round(low * share, 1),
        "high": round(high * share, 1),
        "plug_in_low": round(plugged * share, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    strong, weak = controls(30.0), controls(1.0)
    ours(strong)  # the first call fills caches on either side
    pairs = [
        (seconds(ours, strong, calls=CALLS), seconds(ridge_loop, strong)) for _ in range(REPEATS)
    ]
    sites = [seconds(ours, strong, ("age", "sex", "site"), calls=CALLS) for _ in range(REPEATS)]
    others = [seconds(ours, strong, others=True) for _ in range(REPEATS)]
    result = {
        "controls": CONTROLS,
        "features": FEATURES,
        "ms_per_feature_ours": spread_of([1e3 * a / FEATURES for a, _ in pairs]),
        "ms_per_feature_bayesian_ridge": spread_of([1e3 * b / FEATURES for _, b in pairs]),
        "ratio": spread_of([b / a for a, b in pairs]),
        "ms_per_feature_with_ten_sites": spread_of([1e3 * t / FEATURES for t in sites]),
        "ms_per_feature_with_leave_one_out": spread_of([1e3 * t / FEATURES for t in others]),
        "max_abs_difference_strong_effects": float(
            np.abs(ours(strong) - ridge_loop(strong)).max()
        ),
        "max_abs_difference_weak_effects": float(np.abs(ours(weak) - ridge_loop(weak)).max()),
        "false_alarms_percent": {
            f"n={n}, {s} sites, between {b:g}": false_alarms(n, s, b)
            for n, s in ((20, 1), (20, 2), (20, 5), (50, 5), (200, 10))
            for b in (0.0, 0.5, 2.0)
            if s > 1 or not b
        }
        | {
            f"n={n}, {s} sites, one out by 2": false_alarms(n, s, 2.0, one_out=True)
            for n, s in ((20, 2), (20, 5), (50, 5), (200, 10))
        },
    }
    print(json.dumps(result, indent=1))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

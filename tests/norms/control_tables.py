"""Tables of simulated controls, and a brute-force linear model to compare with."""

from __future__ import annotations

import numpy as np

from tmsplan.base import Table


def table(values, *, age=None, sex=None, site=None, ids=None, names=None, extra=None) -> Table:
    """Return a table of controls; `values` is (n, f)."""
    values = np.atleast_2d(np.asarray(values, dtype=float))
    n, f = values.shape
    age = [f"{20 + 40 * i / n:.6g}" for i in range(n)] if age is None else [str(a) for a in age]
    sex = ["FM"[i % 2] for i in range(n)] if sex is None else list(sex)
    ids = [f"c{i:03d}" for i in range(n)] if ids is None else list(ids)
    columns = {"id": ids, "age": age, "sex": sex}
    if site is not None:
        columns["site"] = list(site)
    columns |= extra or {}
    names = [f"lh_r{j}" for j in range(f)] if names is None else names
    for j, name in enumerate(names):
        columns[name] = [repr(float(v)) for v in values[:, j]]
    rows = tuple(zip(*columns.values(), strict=True))
    return Table("controls.tsv", tuple(columns), rows)


def simulate(rng, n, f, *, age=None, male=None):
    """Return ages, sexes (1 = M) and Gaussian values with an effect of both."""
    age = rng.uniform(20, 60, n) if age is None else age
    male = (rng.random(n) < 0.5).astype(float) if male is None else male
    values = 10 + 0.03 * (age[:, None] - 40) - 0.5 * male[:, None] + rng.normal(size=(n, f))
    return age, male, values


def sexes(male):
    return ["M" if m else "F" for m in male]


def brute_t(age, male, values, age0, male0, value0):
    """Return the predictive t and its degrees of freedom by an ordinary least-squares fit."""
    x = np.column_stack([np.ones(len(age)), age, male])
    beta, *_ = np.linalg.lstsq(x, values, rcond=None)
    df = len(age) - 3
    s = np.sqrt(((values - x @ beta) ** 2).sum(axis=0) / df)
    x0 = np.array([1.0, age0, male0])
    h = x0 @ np.linalg.inv(x.T @ x) @ x0
    return (value0 - x0 @ beta) / (s * np.sqrt(1 + h)), df

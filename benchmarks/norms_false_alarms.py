"""How often healthy newcomers are flagged, and whether the max-null p is uniform. SYNTHETIC.

Run: ``python benchmarks/norms_false_alarms.py [--json FILE]``; about a minute, fixed seeds.

Controls and newcomers are drawn alike: n controls, 2 covariates (age, sex) or 6 (four more),
400 features a draw, Gaussian or left-skewed noise (gamma of shape 2, skewness -1.4, turned
round; and exponential, -2). A false alarm is a newcomer below the nominal 2.5 %.

1. Rates of the plug-in z (maximum-likelihood sd, no uncertainty), of the spreads ``constant``,
   ``skewed`` and (n = 200) ``shash`` and ``varying``, and of the rank p at .025.
2. The max-null p of null patients over 20 correlated features: Kolmogorov-Smirnov distance
   from the uniform distribution on (1 .. n + 1) / (n + 1) and the share at or below .05.
   ``controls kept in``: the shape fitted once, each control's own value included.
3. Rates after a transfer from 300 controls of other sites with 20 + 20 local ones.
4. How often the 95 % interval of a newcomer's effect holds it, with skewed spread.
"""

from __future__ import annotations

import argparse
import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import special, stats

from tmsplan.norms import transfer as transfer_room
from tmsplan.norms.design import Design
from tmsplan.norms.effect import interval_of
from tmsplan.norms.fitted import fit_values
from tmsplan.norms.people import People
from tmsplan.norms.reference import Reference
from tmsplan.norms.resample import leave_one_out_z, rank_p
from tmsplan.norms.sample import Newcomer
from tmsplan.norms.spread_shash import fit_spread as shash
from tmsplan.norms.spread_skewed import fit_spread as skewed
from tmsplan.norms.spread_varying import fit_spread as varying

FEATURES, REGIONS = 400, 20
LIMIT = special.ndtri(0.025)
NOISES = ("gauss", "gamma", "exponential")
SPREADS = {"skewed": skewed, "shash": shash, "varying": varying}


def noise(rng, kind, size):
    if kind == "gauss":
        return rng.normal(size=size)
    shape = {"gamma": 2.0, "exponential": 1.0}[kind]
    return -(rng.gamma(shape, size=size) - shape) / np.sqrt(shape)


def people(rng, n, covariates):
    male = (rng.random(n) < 0.5).astype(float)
    others = {f"c{j}": rng.normal(size=n) for j in range(covariates - 2)}
    return People(rng.uniform(20, 60, n), male, (), others)


def fitted(rng, kind, n, covariates, features=FEATURES, mix=None):
    who = people(rng, n, covariates)
    design = Design.of(who, ("age", "sex", *who.others))
    values = noise(rng, kind, (n, features))
    return fit_values(
        design, tuple(map(str, range(features))), values if mix is None else values @ mix
    )


def spreads_for(n):
    return tuple(SPREADS) if n >= 200 else ("skewed",)


def with_spread(model, kind):
    rows = model.design.rows(model.design.people)
    return replace(model, spread=SPREADS[kind](model.residuals, rows))


def rates(rng, kind, n, covariates, draws):
    """Return the share of newcomers flagged by each method."""
    flags = {}
    for _ in range(draws):
        model = fitted(rng, kind, n, covariates)
        person = people(rng, 1, covariates)
        value = noise(rng, kind, (1, FEATURES))
        plain = model.standard(value, person)
        plug = plain.residual * np.sqrt(n / model.design.df)
        newcomer = Newcomer(model.design.rows(person).b[0], plain.residual[0])
        found = {"plug-in": plug < LIMIT, "constant": model.z(value, person) < LIMIT}
        for name in spreads_for(n):
            found[name] = with_spread(model, name).z(value, person) < LIMIT
        found["rank"] = rank_p(model.sample, newcomer) <= 0.025
        for name, flag in found.items():
            flags.setdefault(name, []).append(np.mean(flag))
    return {name: float(np.mean(each)) for name, each in flags.items()}


def correlated():
    """Return a mixing matrix: neighbours share half of their variance or so."""
    apart = np.abs(np.subtract.outer(np.arange(REGIONS), np.arange(REGIONS)))
    return np.linalg.cholesky(0.7**apart).T


def max_null(rng, kind, n, draws):
    """Return the p of the most extreme region of null patients, by method, (draws,)."""
    mix = correlated()
    found = {}
    for _ in range(draws):
        model = fitted(rng, kind, n, 2, REGIONS, mix)
        person = people(rng, 1, 2)
        value = noise(rng, kind, (1, REGIONS)) @ mix
        sets = {"constant": (model, model.loo_z)}
        for name in spreads_for(n):
            other = with_spread(model, name)
            sets[name] = other, other.loo_z
            if name != "varying":
                with np.errstate(invalid="ignore"):  # a shape too sure of its own control
                    kept = leave_one_out_z(other.sample)
                sets[f"{name}, controls kept in"] = other, kept
        for name, (one, controls) in sets.items():
            own = one.z(value, person).min()
            found.setdefault(name, []).append((1 + np.sum(controls.min(axis=1) <= own)) / (n + 1))
    return {name: np.array(p) for name, p in found.items()}


def distance(p, n):
    """Return the Kolmogorov-Smirnov distance of p from uniform on its n + 1 values."""
    steps = np.arange(1, n + 2) / (n + 1)
    return float(np.max(np.abs([np.mean(p <= s + 1e-9) - s for s in steps])))


def transferred(rng, kind, draws, *, skewed=False):
    """Return the rate after a transfer to a site with another offset and scale."""
    flags = []
    for _ in range(draws):
        model = fitted(rng, kind, 300, 2)
        offset, scale = rng.normal(size=FEATURES), np.exp(rng.normal(0, 0.2, FEATURES))
        local = people(rng, 40, 2)
        local = replace(local, male=np.repeat([0.0, 1.0], 20))
        values = offset + scale * noise(rng, kind, (40, FEATURES))
        new = transfer_room.new_site(
            "new", Reference(model.features, values, local), model, skewed=skewed
        )
        one = replace(model, local=new)
        value = offset + scale * noise(rng, kind, (1, FEATURES))
        flags.append(np.mean(one.z(value, people(rng, 1, 2)) < LIMIT))
    return float(np.mean(flags))


def population_effect(kind, value):
    """Return the normal deviate of values in their population."""
    if kind == "gauss":
        return value
    shape = {"gamma": 2.0, "exponential": 1.0}[kind]
    return special.ndtri(stats.gamma.sf(shape - value * np.sqrt(shape), shape))


def covered(rng, kind, n, draws):
    """Return how often the 95 % interval holds a newcomer's effect: all, and below -1.5."""
    found = []
    for _ in range(draws):
        model = with_spread(fitted(rng, kind, n, 2, 100), "skewed")
        person, value = people(rng, 1, 2), noise(rng, kind, (1, 100))
        own = model.standard(value, person)
        drawn = model.redrawn_z(own.residual[0], person, 300, 1)
        low, high = interval_of(model, own, person, drawn, 0.95)
        effect = population_effect(kind, value[0])
        found.append(np.stack([effect, (low <= effect) & (effect <= high), high - low]))
    effect, inside, width = np.concatenate(found, axis=1)
    return {
        "all": float(inside.mean()),
        "below_1_5": float(inside[effect < -1.5].mean()),
        "width": float(np.median(width)),
    }


def print_coverage(rng, draws):
    rows = []
    print("95 % interval of a newcomer's effect, skewed spread: coverage, below -1.5, width")
    for n, kind in itertools.product((20, 50, 200), ("gauss", "gamma")):
        row = {"n": n, "noise": kind} | covered(rng, kind, n, draws)
        rows.append(row)
        print(
            f"  n {n:3d}, {kind:6s} {row['all']:.3f}  {row['below_1_5']:.3f}  {row['width']:.2f}"
        )
    return rows


def print_rates(rng, draws):
    rows = []
    print("SYNTHETIC. Healthy newcomers below the nominal 2.5 %, per cent")
    for n, covariates, kind in itertools.product((20, 50, 200), (2, 6), NOISES):
        found = rates(rng, kind, n, covariates, draws if n < 200 else draws // 6)
        rows.append({"n": n, "covariates": covariates, "noise": kind} | found)
        cells = "  ".join(f"{k} {100 * v:.1f}" for k, v in found.items())
        print(f"  n {n:3d}, {covariates} covariates, {kind:11s}  {cells}")
    return rows


def print_max_null(rng, draws):
    rows = []
    print("max-null p of null patients: distance from uniform, share at or below .05, patients")
    for n, kind in itertools.product((20, 50, 200), ("gauss", "gamma")):
        for name, p in max_null(rng, kind, n, draws).items():
            row = {"n": n, "noise": kind, "spread": name, "patients": len(p)}
            row |= {"ks": distance(p, n), "at_05": float(np.mean(p <= 0.05 + 1e-9))}
            rows.append(row)
            print(
                f"  n {n:3d}, {kind:6s} {name:26s} {row['ks']:.3f}  {row['at_05']:.3f}  {len(p)}"
            )
    return rows


def print_transfer(rng, draws):
    rows = []
    print("after a transfer with 20 + 20 local controls, per cent")
    for kind in NOISES:
        plain = transferred(rng, kind, draws)
        bent = transferred(rng, kind, draws, skewed=True)
        rows.append({"noise": kind, "constant": plain, "skewed": bent})
        print(f"  {kind:11s}  constant {100 * plain:.1f}  skewed {100 * bent:.1f}")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--draws", type=int, default=60, help="draws of controls a cell")
    options = parser.parse_args()
    rng = np.random.default_rng(20_260_101)
    result = {
        "synthetic": True,
        "nominal": 0.025,
        "rates": print_rates(rng, options.draws),
        "max_null": print_max_null(rng, 6 * options.draws),
        "transfer": print_transfer(rng, options.draws),
        "coverage": print_coverage(rng, max(options.draws // 2, 1)),
    }
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

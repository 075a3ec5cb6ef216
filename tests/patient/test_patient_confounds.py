"""The confounds table: strict reading, columns by strategy, volumes that do not count."""

from __future__ import annotations

import numpy as np
import pytest

from tmsplan.base.errors import InputError
from tmsplan.patient.confounds import choose, fd_of, n_unsteady, read_confounds

MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")
TISSUE = ("csf", "white_matter", "global_signal")
TAILS = ("", "_derivative1", "_power2", "_derivative1_power2")


def columns(t: int = 30, seed: int = 0) -> dict[str, np.ndarray]:
    """Return a table as fMRIPrep writes it."""
    rng = np.random.default_rng(seed)
    out = {}
    for name in (*MOTION, *TISSUE):
        x = rng.normal(size=t)
        d = np.r_[np.nan, np.diff(x)]
        for tail, values in zip(TAILS, (x, d, x**2, d**2), strict=True):
            out[name + tail] = values
    out["framewise_displacement"] = np.r_[np.nan, rng.uniform(0, 0.3, t - 1)]
    out |= {f"a_comp_cor_{k:02d}": rng.normal(size=t) for k in range(8)}
    out |= {f"cosine{k:02d}": np.cos(np.pi * (k + 1) * np.arange(t) / t) for k in range(3)}
    return out


def write(path, table: dict[str, np.ndarray]):
    rows = zip(*table.values(), strict=True)
    cells = [["n/a" if isinstance(v, float) and np.isnan(v) else str(v) for v in r] for r in rows]
    path.write_text("\n".join("\t".join(r) for r in [[*table], *cells]) + "\n")
    return path


def test_what_is_written_is_read(tmp_path) -> None:
    table = columns()
    found = read_confounds(write(tmp_path / "a.tsv", table), 30)
    assert list(found) == list(table)
    for name, values in table.items():
        np.testing.assert_array_equal(found[name], values)


def test_rows_and_volumes_must_be_one_run(tmp_path) -> None:
    path = write(tmp_path / "a.tsv", columns())
    with pytest.raises(InputError, match=r"a\.tsv: 30 rows for a run of 29 volumes"):
        read_confounds(path, 29)


@pytest.mark.parametrize("cell", ["", "NaN", "inf", "0,5", "x"])
def test_a_cell_that_is_no_number(tmp_path, cell) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(f"trans_x\tcsf\n0.1\t{cell}\n0.2\t1\n")
    with pytest.raises(InputError, match=r"row 2, column 'csf' holds"):
        read_confounds(path, 2)


@pytest.mark.parametrize(
    ("strategy", "n"), [("24p", 24), ("36p", 36), ("acompcor", 24 + 5 + 3), ("none", 0)]
)
def test_strategies_by_their_names(strategy, n) -> None:
    table = columns()
    chosen = choose(table, strategy)
    assert len(set(chosen.names)) == n
    assert chosen.values.shape == (30, n)
    assert np.isfinite(chosen.values).all()
    for name, values in zip(chosen.names, chosen.values.T, strict=True):
        expected = table[name].copy()
        expected[0] = np.nan_to_num(expected[0])
        np.testing.assert_array_equal(values, expected)


def test_what_each_strategy_adds() -> None:
    names = {s: set(choose(columns(), s).names) for s in ("24p", "36p", "acompcor")}
    assert names["36p"] - names["24p"] == {n + t for n in TISSUE for t in TAILS}
    assert names["acompcor"] - names["24p"] == {
        *(f"a_comp_cor_{k:02d}" for k in range(5)), *(f"cosine{k:02d}" for k in range(3)),
    }  # fmt: skip


def without(*names: str) -> dict[str, np.ndarray]:
    return {k: v for k, v in columns().items() if k not in names}


def with_hole(name: str, at: int) -> dict[str, np.ndarray]:
    table = columns()
    table[name][at] = np.nan
    return table


@pytest.mark.parametrize(
    ("table", "strategy", "words"),
    [
        (columns(), "9p", "confounds '9p' are unknown; write 24p, 36p, acompcor, none"),
        ({}, "24p", r"needs trans_x.*and others; there is no confounds table.*confounds = none"),
        (without("rot_z_power2"), "24p", "needs rot_z_power2; the confounds table has not"),
        (without("a_comp_cor_03"), "acompcor", "needs a_comp_cor_03"),
        (with_hole("csf", 0), "36p", "confound 'csf' is n/a at volume 0"),
        (with_hole("trans_x_derivative1", 4), "24p", "n/a at volume 4"),
    ],
)
def test_what_is_refused(table, strategy, words) -> None:
    with pytest.raises(InputError, match=words):
        choose(table, strategy)


def test_displacement_of_the_first_volume_is_none() -> None:
    fd = fd_of(columns())
    assert fd[0] == 0
    assert (fd[1:] > 0).any()
    assert fd_of({}) is None
    with pytest.raises(InputError, match="negative values"):
        fd_of({"framewise_displacement": np.array([np.nan, -0.1])})
    with pytest.raises(InputError, match="n/a at volume 1"):
        fd_of({"framewise_displacement": np.array([np.nan, np.nan])})


def test_unsteady_volumes_only_at_the_start() -> None:
    one = {f"non_steady_state_outlier{k:02d}": np.eye(9)[k] for k in range(3)}
    assert n_unsteady(one) == 3
    assert n_unsteady(columns()) == 0
    with pytest.raises(InputError, match=r"marks volumes \[1, 2\]; expected the first"):
        n_unsteady({k: v for k, v in one.items() if not k.endswith("00")})

"""Region matrices: real ones of a public study, and refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from tmsplan.base.errors import AmbiguityError, InputError
from tmsplan.patient.connectome import read_connectome, read_region_labels
from tmsplan.space import Hemi

NAMES = ["lh_a", "lh_b", "rh_a", "rh_b"]
SC = np.array([[0, 2, 1, 0], [2, 0, 0, 3], [1, 0, 0, 4], [0, 3, 4, 0.0]])


def written(folder: Path, *, names=NAMES, sc=SC, fc=None) -> tuple[Path, Path, Path]:
    rng = np.random.default_rng(0)
    series = rng.standard_normal((60, 4)) if fc is None else fc
    (folder / "labels.txt").write_text("\n".join(names) + "\n")
    np.savetxt(folder / "sc.txt", sc)
    np.savetxt(folder / "fc.csv", series, delimiter=",")
    return folder / "sc.txt", folder / "fc.csv", folder / "labels.txt"


def test_real_series_give_the_studys_own_correlations(tvb_tumour: Path) -> None:
    folder = tvb_tumour / "CON01"
    labels = tvb_tumour / "region_labels.txt"
    found = read_connectome(
        folder / "weights.txt", folder / "FC.mat", labels, fc_key="CON01T1_ROIts_DK68"
    )
    published = loadmat(folder / "FC.mat")["FC_cc_DK68"]
    assert np.abs(found.fc - published).max() < 1e-10
    assert np.array_equal(found.sc, np.loadtxt(folder / "weights.txt"))
    assert found.regions[0] == (Hemi.LEFT, "bankssts")
    assert sum(hemi is Hemi.LEFT for hemi, _ in found.regions) == 34
    direct = read_connectome(
        folder / "weights.txt", folder / "FC.mat", labels, fc_key="FC_cc_DK68"
    )
    assert np.array_equal(direct.fc, published)


def test_a_mat_file_of_several_matrices_needs_the_key(tvb_tumour: Path) -> None:
    folder = tvb_tumour / "CON01"
    with pytest.raises(AmbiguityError, match=r"FC\.mat: it holds several matrices .*fc_key"):
        read_connectome(
            folder / "weights.txt", folder / "FC.mat", tvb_tumour / "region_labels.txt"
        )


def test_pythons_bytes_spelling_is_read_only_if_every_line_has_it(tmp_path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("b'lh_bankssts'\nb'rh_insula'\n")
    assert read_region_labels(path) == ((Hemi.LEFT, "bankssts"), (Hemi.RIGHT, "insula"))
    path.write_text("b'lh_bankssts'\nrh_insula\n")
    with pytest.raises(InputError, match="names no side"):
        read_region_labels(path)


def test_a_known_series_gives_pearsons_r(tmp_path) -> None:
    t = np.linspace(0, 8 * np.pi, 400, endpoint=False)
    series = np.c_[np.sin(t), -np.sin(t), np.cos(t), np.sin(t) + np.cos(t)]
    fc = read_connectome(*written(tmp_path, fc=series)).fc
    half = np.sqrt(0.5)
    expected = [[1, -1, 0, half], [-1, 1, 0, -half], [0, 0, 1, half], [half, -half, half, 1]]
    assert np.abs(fc - expected).max() < 1e-6


BAD_SC = SC.copy()
BAD_SC[0, 1] = 5
RNG = np.random.default_rng(1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sc": BAD_SC}, r"sc\.txt: not symmetric"),
        ({"sc": SC + np.eye(4)}, r"sc\.txt: .*diagonal up to 1"),
        ({"sc": -SC}, r"sc\.txt: smallest weight -4"),
        ({"sc": SC[:3, :3]}, r"sc\.txt: shape \(3, 3\), but labels\.txt names 4 regions"),
        ({"sc": np.where(SC == 2, np.nan, SC)}, r"sc\.txt: row 1, column 2 is not finite"),
        ({"fc": RNG.standard_normal((4, 60))}, r"fc\.csv: 60 columns.*looks transposed"),
        ({"fc": np.c_[RNG.standard_normal((60, 3)), np.ones(60)]},
         r"fc\.csv: the series of right b is constant"),
        ({"fc": RNG.standard_normal((8, 4))}, r"fc\.csv: 8 time points"),
        ({"fc": 3 * np.eye(4)}, r"fc\.csv: values up to 3"),
        ({"names": ["lh_a", "lh_b", "rh_a", "rh_a"]}, r"labels\.txt: region names occur twice"),
        ({"names": ["a", "lh_b", "rh_a", "rh_b"]}, r"labels\.txt: region 'a' names no side"),
    ],
)  # fmt: skip
def test_what_is_no_connectome_is_refused(tmp_path, change, message) -> None:
    with pytest.raises(InputError, match=message):
        read_connectome(*written(tmp_path, **change))


def test_a_mat_file_that_is_none_is_refused(tmp_path) -> None:
    sc, _, labels = written(tmp_path)
    (tmp_path / "fc.mat").write_bytes(b"MATLAB 5.0 MAT-file" + b"\1" * 300)
    with pytest.raises(InputError, match=r"fc\.mat: its byte order is not stated"):
        read_connectome(sc, tmp_path / "fc.mat", labels)
    savemat(tmp_path / "fc.mat", {"x": np.eye(4)})
    with pytest.raises(InputError, match=r"fc\.mat: there is no matrix 'y'"):
        read_connectome(sc, tmp_path / "fc.mat", labels, fc_key="y")


def test_series_are_kept_and_a_finished_matrix_has_none(tmp_path) -> None:
    series = np.random.default_rng(5).standard_normal((60, 4))
    found = read_connectome(*written(tmp_path, fc=series))
    np.testing.assert_allclose(found.series, series, rtol=1e-12)
    np.testing.assert_allclose(found.fc, np.corrcoef(series.T), atol=1e-12)
    assert read_connectome(*written(tmp_path, fc=found.fc)).series is None


def test_real_series_are_kept_as_the_file_has_them(tvb_tumour: Path) -> None:
    folder = tvb_tumour / "PAT06"
    key = "PAT06T1_ROIts_DK68"
    found = read_connectome(
        folder / "weights.txt", folder / "FC.mat", tvb_tumour / "region_labels.txt", fc_key=key
    )
    assert found.series is not None
    assert np.array_equal(found.series, loadmat(folder / "FC.mat")[key])

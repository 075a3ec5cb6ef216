"""Pictures about norms: what is drawn is what was computed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib.colors import to_hex
from scipy import stats

from tmsplan.base.errors import InputError
from tmsplan.norms.monitor import z_changes
from tmsplan.norms.monitor_retest import Retest
from tmsplan.view.figures import save_png
from tmsplan.view.norm_plots import plot_calibration, plot_changes

QUANTILES = stats.norm.ppf((np.arange(2000) + 0.5) / 2000)


def test_calibrated_z_fill_every_bar_alike_and_lie_on_the_line() -> None:
    z = QUANTILES.reshape(-1, 4)
    figure = plot_calibration({"a": z[::2], "b": z[1::2]}, title="norms", labels=("SYNTHETIC",))
    pit, qq = figure.axes
    assert [bar.get_height() for bar in pit.patches] == pytest.approx([5.0] * 20, abs=0.11)
    line = next(x for x in qq.lines if x.get_label() == "all")
    np.testing.assert_allclose(line.get_xdata(), line.get_ydata(), atol=0.04)
    assert "SYNTHETIC" in " ".join(t.get_text() for t in figure.texts)
    assert len([x for x in qq.lines if len(x.get_xdata()) == 400]) == 3  # two groups and all


def test_too_narrow_norms_show_as_full_ends() -> None:
    pit = plot_calibration({"a": 2 * QUANTILES[:, None]}, title="norms").axes[0]
    heights = [bar.get_height() for bar in pit.patches]
    assert min(heights[0], heights[-1]) > 3 * max(heights[8:12])


def changes():
    before = {f"lh_r{k}": 0.1 * k for k in range(30)}
    after = before | {"lh_r3": -5.0, "lh_r4": 6.0, "lh_r5": 0.9}
    return z_changes(before, after, Retest(0.8, "given"))


def test_the_largest_changes_are_rows_and_colour_says_what_moved() -> None:
    figure = plot_changes(changes(), title="sub-01", labels=("EXPLORATORY",))
    both, rows = figure.axes
    names = [t.get_text() for t in rows.get_yticklabels()]
    assert len(names) == 20
    assert names[:3] == ["lh_r4", "lh_r3", "lh_r5"]
    dots = [line for line in rows.lines if line.get_marker() == "o"]
    assert [d.get_xdata()[0] for d in dots[:3]] == pytest.approx([5.6, -5.3, 0.4])
    assert [to_hex(d.get_color()) for d in dots[:3]] == ["#b2182b", "#2166ac", "#5a6775"]
    assert len(both.collections[-1].get_offsets()) == 30
    assert "EXPLORATORY" in " ".join(t.get_text() for t in figure.texts)


def test_equal_pictures_are_equal_files() -> None:
    files = []
    for _ in range(2):
        stream = io.BytesIO()
        save_png(plot_changes(changes(), title="sub-01"), stream)
        files.append(stream.getvalue())
    assert files[0] == files[1]


def test_nothing_to_draw_is_refused() -> None:
    with pytest.raises(InputError, match="x: there is no z to draw"):
        plot_calibration({"a": np.full((2, 2), np.nan)}, title="x")
    with pytest.raises(InputError, match="x: there is no change to draw"):
        plot_changes((), title="x")

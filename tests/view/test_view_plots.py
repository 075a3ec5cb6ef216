"""Plots: what is drawn is what the plan says."""

from __future__ import annotations

from dataclasses import replace

import pytest
import scene_plan

from tmsplan.base.errors import InputError
from tmsplan.plan.plan import Plan
from tmsplan.view.plots import has_calibration, plot_calibration_of, plot_norm, plot_ranking


def test_candidates_only_in_order_with_their_intervals(plan: Plan) -> None:
    figure = plot_ranking(plan)
    axes = figure.axes[0]
    names = [t.get_text() for t in axes.get_yticklabels()]
    assert names == ["1.  rostralmiddlefrontal, left", "2.  rostralmiddlefrontal, right"]
    bars = [line for line in axes.lines if len(line.get_xdata()) == 2 and line.get_alpha()]
    assert [tuple(b.get_xdata()) for b in bars] == [
        pytest.approx((-4.0, -2.9)),
        pytest.approx((-2.3, -1.2)),
    ]
    low, high = axes.get_ylim()
    assert low > high  # the first candidate is on top


def test_verdict_and_labels_are_on_the_plot() -> None:
    figure = plot_ranking(scene_plan.plan(with_scene=True, stands_out=False))
    words = " ".join(t.get_text() for t in figure.texts)
    assert "No region stands out. 2 candidate regions competed." in words
    assert "SYNTHETIC" in words


def test_a_candidate_without_a_number_says_so(plan: Plan) -> None:
    rows = plan.ranking.rows
    blank = replace(rows[0], z=None, z_low=None, z_high=None)
    figure = plot_ranking(replace(plan, ranking=replace(plan.ranking, rows=(blank, *rows[1:]))))
    assert "no number" in [t.get_text() for t in figure.axes[0].texts]


def test_the_person_is_at_age_and_value(plan: Plan) -> None:
    axes = plot_norm(plan).axes[0]
    person = next(line for line in axes.lines if line.get_label() == "this person")
    assert (person.get_xdata()[0], person.get_ydata()[0]) == (34.0, 0.27)
    assert axes.get_ylabel() == "Fisher z"


def test_a_norm_without_a_curve_is_refused(plan: Plan) -> None:
    bare = {k: v for k, v in plan.norms.items() if k != "curve"}
    with pytest.raises(InputError, match="demo-01: the plan's norms hold no curve"):
        plot_norm(replace(plan, norms=bare))


def test_a_curve_with_a_part_missing_is_refused_by_name(plan: Plan) -> None:
    curve = {k: v for k, v in plan.norms["curve"].items() if k != "median"}
    with pytest.raises(InputError, match="the norm curve lacks median"):
        plot_norm(replace(plan, norms={**plan.norms, "curve": curve}))


def test_the_controls_z_stand_beside_what_is_expected(plan: Plan) -> None:
    found = {"expected": [-2.0, 0.0, 2.0], "observed": [-2.6, 0.1, 1.9]}
    drawn = plot_calibration_of(replace(plan, norms={**plan.norms, "quantiles": found}))
    line, points = drawn.axes[0].lines
    assert list(line.get_xdata()) == list(line.get_ydata()) == [-2.0, 2.0]
    assert list(points.get_xdata()) == found["expected"]
    assert list(points.get_ydata()) == found["observed"]
    words = " ".join(t.get_text() for t in drawn.texts)
    assert f"{plan.norms['n_reference']} controls, each left out in turn" in words
    assert "SYNTHETIC" in words


def test_norms_without_quantiles_have_no_such_plot(plan: Plan) -> None:
    assert not has_calibration(plan)
    with pytest.raises(InputError, match="the plan's norms hold no quantiles"):
        plot_calibration_of(plan)


def with_curves(plan: Plan) -> Plan:
    curve = dict(plan.norms["curve"])
    people = {"age": [25.0, 44.0, 61.0], "value": [0.41, 0.39, 0.36]}
    first = {**curve, "controls": people, "centiles": [0.05, 0.5, 0.95]}
    second = {**curve, "feature": "rh_inferiorparietal", "value": 0.6}
    return replace(plan, norms={**plan.norms, "curves": [first, second]})


def test_each_winning_region_has_its_panel_with_the_side_in_words(plan: Plan) -> None:
    figure = plot_norm(with_curves(plan))
    titles = [a.get_title(loc="left") for a in figure.axes]
    assert titles == ["rostralmiddlefrontal, left", "inferiorparietal, right"]
    persons = [
        next(line for line in axes.lines if line.get_label() == "this person")
        for axes in figure.axes
    ]
    assert [p.get_ydata()[0] for p in persons] == [0.27, 0.6]
    words = " ".join(t.get_text() for t in figure.texts)
    assert "The reference is 120 controls." in words


def test_single_controls_are_drawn_where_the_plan_has_them(plan: Plan) -> None:
    first, second = plot_norm(with_curves(plan)).axes
    (dots,) = (line for line in first.lines if line.get_label() == "controls")
    assert list(dots.get_xdata()) == [25.0, 44.0, 61.0]
    assert list(dots.get_ydata()) == [0.41, 0.39, 0.36]
    assert not [line for line in second.lines if line.get_label() == "controls"]
    labels = [t.get_text() for t in first.get_legend().get_texts()]
    assert "centiles 5 to 95 of the reference" in labels


def test_panels_do_not_cover_each_other(plan: Plan) -> None:
    upper, lower = (a.get_position() for a in plot_norm(with_curves(plan)).axes)
    assert upper.y0 > lower.y1


def test_a_hollow_dot_is_explained_where_there_is_one(plan: Plan) -> None:
    assert "Hollow" not in plot_ranking(plan).axes[0].get_xlabel()
    rows = plan.ranking.rows
    far = replace(rows[1], reachable=False)
    ranking = replace(plan.ranking, rows=(rows[0], far, *rows[2:]))
    axes = plot_ranking(replace(plan, ranking=ranking)).axes[0]
    assert axes.get_xlabel().endswith("Hollow: out of reach.")
    assert "|z| below 2" in axes.get_xlabel()
    assert [m.get_markerfacecolor() for m in axes.lines if m.get_marker() == "o"][1] == "white"

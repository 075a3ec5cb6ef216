"""Whatever the bytes: a report or an InputError, in bounded time."""

from __future__ import annotations

import time

import numpy as np
import pytest
from export_check_fuzz import SEEDS, fuzz_for, mutated, outcome
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_a_whole_seed_is_read(name) -> None:
    assert outcome(SEEDS[name]) == "report"


@given(name=st.sampled_from(sorted(SEEDS)), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=400)
def test_damaged_files_give_a_report_or_an_input_error(name, seed) -> None:
    rng = np.random.default_rng(seed)
    assert outcome(mutated(SEEDS[name], rng)) in {"report", "refused"}


@given(data=st.binary(max_size=300), name=st.sampled_from(sorted(SEEDS)))
def test_any_bytes_after_a_true_beginning(data, name) -> None:
    assert outcome(SEEDS[name][:120] + data) in {"report", "refused"}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000 + '"matrix"',
        '{"a":' * 600 + '{"matrix": 1}' + "}" * 600,
        '{"matrix": [[1e999,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}',
        '{"matsimnibs": ' + "9" * 5000 + "}",
        '<InstrumentMarkerList coordinateSpace="RAS">' + "<a>" * 20_000,
        '<InstrumentMarkerList coordinateSpace="RAS">' + '<Matrix4D description="' * 3000,
        "##INVESALIUS3_MARKER_FILE_5\n" + "a\t" * 50_000,
        "nan nan nan nan\n" * 4,
        '##INVESALIUS3_MARKER_FILE_5\n"x"\t"y"\n"' + "a" * 200_000,
        SEEDS["tsv"].decode() + "a" * 200_000,
    ],
)  # fmt: skip
def test_hostile_texts_end_soon(text) -> None:
    start = time.monotonic()
    assert outcome(text.encode()) in {"report", "refused"}
    assert time.monotonic() - start < 5


@pytest.mark.slow
def test_a_minute_of_fuzzing() -> None:
    found = fuzz_for(60.0, seed=1)
    assert found.crashes == []
    assert found.slowest_s < 5
    assert found.reports > 0
    assert found.refused > 0

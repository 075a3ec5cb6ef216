"""Names and settings of coupling methods, as people type them."""

from __future__ import annotations

import pytest
from coupling.small_patient import connectome, patient

from tmsplan.base.errors import InputError
from tmsplan.cli.run import parse_settings
from tmsplan.coupling import couple, coupling_methods


def test_a_name_is_written_as_the_field_writes_it_and_either_way_is_understood() -> None:
    methods = coupling_methods()
    assert "partial_spearman" in methods.names()
    assert methods.get("partial-spearman") is methods.get("partial_spearman")


def test_a_method_of_regions_asks_for_an_atlas() -> None:
    with pytest.raises(InputError, match="'spearman' works region by region; name an atlas"):
        couple(patient(), method="spearman")


def test_numbers_on_the_command_line_keep_their_kind() -> None:
    found = parse_settings(["min_pairs=12", "band_low=0.02", "fisher=true", "grid=own"])
    assert found == {"min_pairs": 12, "band_low": 0.02, "fisher": True, "grid": "own"}
    assert type(found["min_pairs"]) is int


def test_a_whole_number_may_stand_for_one_with_decimals_and_not_the_reverse() -> None:
    given = patient(matrices=connectome(0))
    assert couple(given, method="baum", settings={"min_pairs": 12}).params["min_pairs"] == 12
    with pytest.raises(InputError, match=r"'min_pairs' .* 'baum' is 12\.5; expected int"):
        couple(given, method="baum", settings={"min_pairs": 12.5})

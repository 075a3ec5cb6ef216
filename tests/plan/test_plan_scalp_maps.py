"""The maps of the scalp in a plan's scene: made, kept, opened again, refused when damaged."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
import round_head
from export.plan_builder import FRAME, round_scene

from tmsplan.base.errors import InputError
from tmsplan.base.provenance import sha256_bytes
from tmsplan.plan.options import Options
from tmsplan.plan.scalp_map_store import map_entries
from tmsplan.plan.scalp_maps import scalp_maps_of
from tmsplan.plan.scene import Scene, SceneCortex
from tmsplan.plan.scene_store import load_scene, scene_bytes
from tmsplan.surface import Field, Labels


@pytest.fixture(scope="module")
def made() -> tuple[Scene, Scene, str]:
    """The scene of a round head before and after its maps, and the statement."""
    patient = round_head.head(round_head.scalp(subdivisions=4))

    def half(cortex) -> SceneCortex:
        n = len(cortex.pial)
        z = Field(cortex.mid.points.mm(patient.scanner)[:, 0] / 30, cortex.domain, "z", "1")
        ids = Labels(np.zeros(n, dtype=np.int32), cortex.domain, {})
        return SceneCortex(cortex.pial, cortex.fields["sulc"], z, ids, cortex.white)

    before = Scene(patient.scanner, patient.cortex.map(half), patient.scalp)
    after, said = scalp_maps_of(patient, before, Options(), None)
    assert said.id == "scalp-maps"
    return before, after, said.text


def rewritten(data: bytes, without: str) -> bytes:
    with np.load(io.BytesIO(data)) as stored:
        arrays = {k: stored[k] for k in stored.files if k != without}
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def test_maps_come_back_on_the_scalp_of_the_scene(made) -> None:
    _, after, _ = made
    data = scene_bytes(after)
    again = load_scene(data, sha256_bytes(data), after.frame)
    assert scene_bytes(again) == data
    assert set(again.scalp_maps) == {"depth", "reach", "z-under", "tolerability"}
    for name, found in again.scalp_maps.items():
        assert found.domain == again.scalp.domain
        kept = after.scalp_maps[name]
        if isinstance(found, Labels):
            assert (found.ids == kept.ids).all()
            assert dict(found.names) == dict(kept.names)
        else:
            assert (found.name, found.unit) == (kept.name, kept.unit)
            np.testing.assert_allclose(found.values, kept.values, atol=6e-4)


def test_low_z_on_the_left_is_low_on_the_left_of_the_scalp(made) -> None:
    _, after, said = made
    x = after.scalp.points.mm(after.frame)[:, 0]
    under = after.scalp_maps["z-under"].values
    known = np.isfinite(under)
    assert known.sum() > 500
    assert np.corrcoef(x[known], under[known])[0, 1] > 0.9
    assert "|E|^8" in said
    assert "not measured on this person" in said


def test_a_scene_without_maps_is_as_before(made) -> None:
    before, _, _ = made
    data = scene_bytes(before)
    assert load_scene(data, sha256_bytes(data), before.frame).scalp_maps == {}


def test_maps_come_together_or_not_at_all(made) -> None:
    _, after, _ = made
    data = rewritten(scene_bytes(after), without="map_depth")
    with pytest.raises(InputError, match=r"its entries are \['map_depth'\] off"):
        load_scene(data, sha256_bytes(data), after.frame)
    some = {k: v for k, v in after.scalp_maps.items() if k != "reach"}
    with pytest.raises(InputError, match="keeps the maps depth, z-under, tolerability, reach"):
        map_entries(some)


def test_a_map_of_another_scalp_is_refused(made) -> None:
    _, after, _ = made
    other = replace(round_scene(), scalp_maps=after.scalp_maps)
    data = scene_bytes(other)
    with pytest.raises(InputError, match=r"has \d+ values, but .* scalp has 300 vertices"):
        load_scene(data, sha256_bytes(data), FRAME)

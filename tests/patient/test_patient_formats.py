"""Readers of meshes, vertex values and labels: against nibabel where it is right, and damaged."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nibabel import freesurfer as fs
from nibabel.gifti.util import gifti_encoding_codes
from small_head import (
    FACES,
    UNIT,
    N,
    apply,
    pial,
    surface_gifti,
    tkras_from_scanner,
    values_gifti,
    vox2ras,
    write_surface,
)

from tmsplan.base.errors import InputError
from tmsplan.space import Hemi
from tmsplan.surface.formats import (
    MeshSpace,
    read_annot,
    read_curv,
    read_geometry,
    read_gifti_labels,
    read_gifti_mesh,
    read_labels,
    read_mesh,
    read_values,
)

NAMES = ["unknown", "frontal", "parietal", "temporal", "occipital"]
COLOURS = np.array([[25, 5, 25], [230, 30, 30], [30, 230, 30], [30, 30, 230], [200, 200, 20]])


def packed(colours: np.ndarray) -> np.ndarray:
    return colours[:, 0] + 256 * colours[:, 1] + 65536 * colours[:, 2]


def annot(values, colours=COLOURS, names=NAMES, ids=None, index=None) -> bytes:
    """A new-format annotation by hand, so that every field can lie."""
    ids = np.arange(len(values)) if ids is None else ids
    index = range(len(names)) if index is None else index
    out = struct.pack(">i", len(values)) + np.stack([ids, values], 1).astype(">i4").tobytes()
    out += struct.pack(">iiii", 1, -2, max(index) + 1, 2) + b"x\0" + struct.pack(">i", len(names))
    for k, name, rgb in zip(index, names, colours, strict=True):
        text = name.encode() + b"\0"
        out += struct.pack(">ii", k, len(text)) + text + struct.pack(">4i", *map(int, rgb), 0)
    return out


# FreeSurfer geometry and values


def test_geometry_equals_nibabel_and_its_footer_equals_the_volume(ecog: Path) -> None:
    header = nib.load(ecog / "mri" / "T1.mgz").header
    truth = header.get_vox2ras() @ np.linalg.inv(header.get_vox2ras_tkr())
    for name in ("lh.pial", "rh.white", "lh.sphere.reg"):
        mesh = read_geometry(ecog / "surf" / name)
        xyz, faces = fs.read_geometry(ecog / "surf" / name)
        assert np.array_equal(mesh.xyz, xyz)
        assert np.array_equal(mesh.faces, faces)
        assert mesh.hemi is Hemi.parse(name[:2])
        assert np.abs(mesh.geometry.scanner_from_tkras() - truth).max() < 1e-4
        assert np.allclose(mesh.geometry.centre, (-0.228, -10.434, 7.752), atol=1e-3)


@pytest.mark.parametrize("degrees", [0.0, 14.0, -33.0])
def test_a_footer_places_an_oblique_surface_where_it_was_made(tmp_path, degrees) -> None:
    affine = vox2ras(degrees)
    mesh = read_geometry(write_surface(tmp_path / "lh.pial", pial("lh"), affine))
    there = apply(mesh.geometry.scanner_from_tkras(), mesh.xyz)
    assert np.abs(there - pial("lh")).max() < 1e-3  # the file holds float32
    shifted = mesh.xyz + mesh.geometry.centre
    if degrees:
        assert np.linalg.norm(shifted - pial("lh"), axis=1).max() > 10  # c_ras alone is wrong


def test_real_ras_coordinates_are_refused(tmp_path) -> None:
    path = write_surface(tmp_path / "lh.pial", pial("lh"), vox2ras())
    tail = struct.pack(">iii", 2, 0, 20)
    path.write_bytes(path.read_bytes().replace(tail, struct.pack(">iii", 2, 1, 20)))
    with pytest.raises(InputError, match=r"lh\.pial: useRealRAS is set.*mris_convert"):
        read_geometry(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda b: b[: len(b) // 2], "vertex count is 2562 and face count 5120.*truncated"),
        (lambda b: b[: b.rindex(b"zras")], "volume footer .c_ras. is truncated"),
        (lambda b: b"\xff\xff\xff" + b[3:], "quadrangles or values.*mris_convert"),
        (lambda b: b[: b.index(b"\n\n") + 2] + struct.pack(">i", -1) + b[b.index(b"\n\n") + 6 :],
         "vertex count is -1"),
        (lambda _: b"", "empty"),
    ],
)  # fmt: skip
def test_damaged_geometry_is_refused_by_name(tmp_path, damage, message) -> None:
    path = write_surface(tmp_path / "lh.pial", pial("lh"), vox2ras())
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"lh\.pial: .*" + message):
        read_geometry(path)


def test_a_face_that_names_no_vertex_is_refused(tmp_path) -> None:
    faces = FACES.copy()
    faces[7, 1] = -1
    path = write_surface(tmp_path / "lh.pial", pial("lh"), vox2ras(), faces)
    with pytest.raises(InputError, match=r"lh\.pial: a face names vertex index -1, out of range"):
        read_geometry(path)


def test_values_equal_nibabel(ecog: Path) -> None:
    for name in ("lh.curv", "rh.volume", "lh.sulc"):
        values, hemi = read_values(ecog / "surf" / name)
        assert np.array_equal(values, fs.read_morph_data(ecog / "surf" / name))
        assert hemi is Hemi.parse(name[:2])


@pytest.mark.parametrize("cut", [-4, 4])
def test_values_of_another_length_than_declared_are_refused(tmp_path, cut) -> None:
    path = tmp_path / "lh.sulc"
    fs.write_morph_data(path, np.arange(10.0))
    data = path.read_bytes()
    path.write_bytes(data[:cut] if cut < 0 else data + b"\0" * cut)
    with pytest.raises(InputError, match=r"lh\.sulc: the header's vertex count is 10"):
        read_curv(path)


def test_an_mgh_overlay_is_read(tmp_path) -> None:
    path = tmp_path / "lh.coupling.mgz"
    nib.save(nib.MGHImage(np.arange(N, dtype=np.float32).reshape(-1, 1, 1), np.eye(4)), path)
    values, hemi = read_values(path)
    assert np.array_equal(values, np.arange(N))
    assert hemi is Hemi.LEFT


# Annotations


def test_a_table_with_gaps_that_starts_at_one_gives_every_region_its_own_name(tmp_path) -> None:
    # The usual reader gives each region its neighbour's name here.
    rng = np.random.default_rng(0)
    region = rng.integers(0, 5, 500)
    index = [1, 2, 5, 7, 9]
    path = tmp_path / "lh.test.annot"
    path.write_bytes(annot(packed(COLOURS)[region], index=index))
    raw = read_annot(path)
    assert [raw.names[int(k)] for k in raw.index] == [NAMES[r] for r in region]
    assert sorted(raw.names) == index


def test_vertex_ids_of_the_file_are_used(tmp_path) -> None:
    rng = np.random.default_rng(1)
    region, order = rng.integers(0, 5, 500), rng.permutation(500)
    path = tmp_path / "lh.test.annot"
    path.write_bytes(annot(packed(COLOURS)[region][order], ids=order))
    assert np.array_equal(read_annot(path).index, region)


def test_an_annotation_equals_nibabel_where_its_table_is_plain(tmp_path) -> None:
    region = np.random.default_rng(2).integers(0, 5, 300)
    path = tmp_path / "lh.test.annot"
    table = np.c_[COLOURS, np.zeros(5, int), packed(COLOURS)]
    fs.write_annot(path, region, table, NAMES, fill_ctab=False)
    raw = read_annot(path)
    assert np.array_equal(raw.index, region)
    assert [raw.names[k] for k in range(5)] == NAMES


PLAIN = packed(COLOURS)[np.arange(100) % 5]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (annot(np.r_[PLAIN[:-6], [3_000_000] * 6]), "6 vertices carry colour 3000000, unknown"),
        (annot(PLAIN, COLOURS[[0, 1, 1, 3, 4]]), "'frontal' and 'parietal' share one colour"),
        (annot(PLAIN, names=["a", "b", "b", "c", "d"]), "the region name 'b' is duplicate"),
        (annot(PLAIN, ids=np.arange(100) // 2), "a vertex id is missing, duplicate"),
        (annot(PLAIN)[:-30], "truncated or corrupt"),
        (annot(PLAIN)[: 4 + 800] + struct.pack(">i", 0), "there is no colour table"),
        (struct.pack(">i", 2**31 - 1) + annot(PLAIN)[4:], "vertex count 2147483647"),
    ],
)
def test_a_misleading_annotation_is_refused(tmp_path, data, message) -> None:
    path = tmp_path / "lh.test.annot"
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"lh\.test\.annot: .*" + message):
        read_annot(path)


# GIFTI


@pytest.mark.parametrize("encoding", ["ASCII", "B64BIN", "B64GZ"])
def test_a_gifti_surface_is_the_same_in_every_encoding(tmp_path, encoding) -> None:
    image = surface_gifti(pial("rh"), "rh")
    for array in image.darrays:
        array.encoding = gifti_encoding_codes[f"GIFTI_ENCODING_{encoding}"]
    nib.save(image, tmp_path / "a.surf.gii")
    mesh = read_gifti_mesh(tmp_path / "a.surf.gii")
    assert np.allclose(mesh.xyz, pial("rh"), atol=1e-4)
    assert np.array_equal(mesh.faces, FACES)
    assert (mesh.space, mesh.hemi) == (MeshSpace.SCANNER, Hemi.RIGHT)


def test_big_endian_and_column_major_arrays_are_turned(tmp_path) -> None:
    text = surface_gifti(pial("lh"), "lh").to_xml().decode()
    big = [pial("lh").astype(">f4").tobytes(order="F"), FACES.astype(">i4").tobytes(order="F")]
    parts = re.split(r"<Data>[^<]*</Data>", text)
    data = [f"<Data>{base64.b64encode(zlib.compress(b)).decode()}</Data>" for b in big]
    text = parts[0] + data[0] + parts[1] + data[1] + parts[2]
    text = text.replace("LittleEndian", "BigEndian").replace("RowMajorOrder", "ColumnMajorOrder")
    path = tmp_path / "hemi-L_pial.surf.gii"
    path.write_text(text)
    mesh = read_mesh(path)
    assert np.allclose(mesh.xyz, pial("lh"), atol=1e-4)
    assert np.array_equal(mesh.faces, FACES)


def damaged(change) -> bytes:
    return change(surface_gifti(pial("lh"), "lh").to_xml())


def bomb(data: bytes) -> bytes:
    payload = base64.b64encode(zlib.compress(b"\0" * (1 << 26), 9))
    return re.sub(rb"<Data>[^<]*</Data>", b"<Data>" + payload + b"</Data>", data, count=1)


def entity(data: bytes) -> bytes:
    start = data.index(b"<GIFTI")
    return b'<?xml version="1.0"?><!DOCTYPE GIFTI [<!ENTITY x SYSTEM "f">]>' + data[start:]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (bomb, "another length than the .* declared bytes"),
        (entity, "the XML declares an entity"),
        (lambda b: b.replace(b'ExternalFileName=""', b'ExternalFileName="../s.txt"', 1),
         "the data lie in an external file.*never followed"),
        (lambda b: b.replace(b"</GIFTI>", b[b.index(b"<DataArray") : b.index(b"</GIFTI>")]
                             + b"</GIFTI>"), "two or more arrays of NIFTI_INTENT_POINTSET"),
        (lambda b: b[: len(b) * 7 // 10], "the XML cannot be parsed"),
        (lambda b: b.replace(b'Dim0="2562"', b'Dim0="100000"', 1), "corrupt data"),
        (lambda b: b.replace(b"CortexLeft", b"CortexRight"),
         "metadata say the right hemisphere, its name the left one"),
        (lambda _: b"solid x\nendsolid x\n", "not XML"),
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_gifti_is_refused(tmp_path, change, message) -> None:
    path = tmp_path / "hemi-L_pial.surf.gii"
    path.write_bytes(damaged(change))
    with pytest.raises(InputError, match=r"hemi-L_pial\.surf\.gii: .*" + message):
        read_mesh(path)


@pytest.mark.parametrize(("code", "where"), [(3, "Talairach"), (4, "MNI 152")])
def test_a_gifti_surface_of_a_template_is_refused(tmp_path, code, where) -> None:
    nib.save(surface_gifti(pial("lh"), "lh", space=code), tmp_path / "a.surf.gii")
    with pytest.raises(InputError, match=rf"a\.surf\.gii: the surface is in {where}"):
        read_mesh(tmp_path / "a.surf.gii")


def test_two_value_arrays_are_refused(tmp_path) -> None:
    image = values_gifti(np.ones(N), "lh")
    image.add_gifti_data_array(image.darrays[0])
    nib.save(image, tmp_path / "a.shape.gii")
    with pytest.raises(InputError, match=r"2 data arrays.*which of several is not guessed"):
        read_values(tmp_path / "a.shape.gii")


def test_real_label_files_equal_nibabel() -> None:
    from real_files import real_data

    folder = real_data("atlases") / "fsaverage5"
    for path in sorted(folder.glob("*Schaefer*.label.gii")):
        raw, _ = read_gifti_labels(path)
        image = nib.load(path)
        assert np.array_equal(raw.index, image.darrays[0].data)
        # nibabel gives a label with an empty name no name at all
        named = {e.key: getattr(e, "label", "") for e in image.labeltable.labels}
        assert raw.names == named


# Whatever is done to a file, one kind of error comes out


def written(folder: Path) -> list[tuple[Path, object]]:
    surface = write_surface(folder / "lh.pial", pial("lh"), vox2ras())
    (folder / "lh.a.annot").write_bytes(annot(packed(COLOURS)[np.arange(N) % 5]))
    fs.write_morph_data(folder / "lh.sulc", UNIT[:, 0])
    nib.save(surface_gifti(pial("lh"), "lh"), folder / "a.surf.gii")
    nib.save(values_gifti(np.ones(N), "lh"), folder / "a.shape.gii")
    return [(surface, read_mesh), (folder / "lh.a.annot", read_labels),
            (folder / "lh.sulc", read_values), (folder / "a.surf.gii", read_mesh),
            (folder / "a.shape.gii", read_values)]  # fmt: skip


def test_no_damage_raises_anything_but_an_input_error(tmp_path) -> None:
    rng = np.random.default_rng(5)
    for path, read in written(tmp_path):
        whole = path.read_bytes()
        for _ in range(40):
            data = bytearray(whole)
            for at in rng.integers(0, min(len(data), 400), 3):
                data[at] = rng.integers(256)
            path.write_bytes(bytes(data[: rng.integers(1, len(data) + 1)]))
            try:
                read(path)
            except InputError as err:
                assert path.name in str(err)  # noqa: PT017  the name is what is tested


def test_tkras_of_the_helper_is_nibabels() -> None:
    # The other tests lean on it: the centre of the volume is the origin of surface RAS.
    assert np.allclose(
        apply(tkras_from_scanner(vox2ras()), np.array([5.5, -21, 13.5])), 0, atol=1e-4
    )

"""What the atlases declare, against the real files that they declare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tmsplan.atlas import atlas_info, atlas_names
from tmsplan.atlas.declaration import read_declaration
from tmsplan.atlas.label_data import names_of, read_surface_ids
from tmsplan.base.data import data_root
from tmsplan.base.errors import DomainError, InputError
from tmsplan.space.side import Hemi
from tmsplan.surface.formats import read_gifti_labels

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "atlases"


@pytest.fixture(scope="module")
def real() -> Path:
    if not SHARED.is_dir():
        pytest.skip("real files are not here: shared/data/atlases beside the checkout")
    return SHARED


def found(real: Path, name: str) -> Path:
    return next(real.rglob(name))


def test_the_declared_atlases() -> None:
    counts = {n: len(atlas_info(n).parcels) for n in atlas_names()}
    assert counts == {
        "aparc": 68,
        "brainnetome246": 210,
        "desikan": 68,
        "destrieux": 148,
        "harvard-oxford": 96,
        "hcp-mmp1": 360,
        "schaefer400x7": 400,
    }


def test_the_frontoparietal_sets_by_name() -> None:
    def names(atlas: str) -> set[str]:
        info = atlas_info(atlas)
        ids = info.candidates["frontoparietal"].ids
        return {p.name for p in info.parcels if p.id in ids}

    assert names("desikan") == {
        "caudalmiddlefrontal", "rostralmiddlefrontal", "inferiorparietal", "supramarginal",
    }  # fmt: skip
    assert names("hcp-mmp1") == {
        "8Av", "8C", "i6-8", "IFJp", "p9-46v", "a9-46v", "IP1", "IP2", "PFm",
    }  # fmt: skip
    assert names("brainnetome246") == {
        *(f"MFG_7_{k}" for k in range(1, 8)),
        *(f"IPL_6_{k}" for k in range(1, 7)),
    }
    assert all(n.startswith(("Cont_PFCl_", "Cont_Par_")) for n in names("schaefer400x7"))
    assert names("destrieux") == {
        "G_front_middle", "S_front_middle", "G_pariet_inf-Angular", "G_pariet_inf-Supramar",
    }  # fmt: skip


def test_a_name_list_that_travels_with_harvard_oxford_has_its_sides_exchanged(real) -> None:
    """Why names are never joined by position: the first name is right, the first id is left."""
    names = found(real, "HarvardOxfordNodeNames.txt").read_text(encoding="utf-8").split()
    assert names[0] == "FrontalPole_R"
    first = min(atlas_info("harvard-oxford").parcels, key=lambda p: p.id)
    assert (first.id, first.hemi, first.name) == (10, Hemi.LEFT, "FrontalPole")


def test_schaefer_ids_mean_the_same_on_the_surface_and_in_the_volume(real) -> None:
    names = found(real, "schaefer400x7NodeNames.txt").read_text(encoding="utf-8").split()
    for parcel in atlas_info("schaefer400x7").parcels:
        side = parcel.hemi.freesurfer.upper()
        assert names[parcel.id - 1] == f"{side}_{parcel.name}"


def test_desikan_equals_freesurfers_own_labels_but_for_the_corpus_callosum(real) -> None:
    """20 484 vertices: the same name on each, except that corpuscallosum (398) is no parcel."""
    info = atlas_info("desikan")
    differ = 0
    for hemi, declared in info.surface.files.sides():
        ours = read_surface_ids(
            info, info.surface, hemi, data_root("atlases") / "desikan" / declared.file
        )
        table = names_of(info, hemi)
        raw, _ = read_gifti_labels(
            found(real, f"fsaverage5_{hemi.freesurfer}_aparc_annot.label.gii")
        )
        theirs = [raw.names[int(k)] for k in raw.index]
        mine = [table.get(int(i), "unknown") for i in ours]
        different = {(a, b) for a, b in zip(mine, theirs, strict=True) if a != b}
        assert different == {("unknown", "corpuscallosum")}
        differ += sum(a != b for a, b in zip(mine, theirs, strict=True))
    assert differ == 398


def test_networks_are_the_ones_that_cover_most_of_each_parcel(real) -> None:
    """Counted here by vertices, in the script by area: clear cases must agree."""
    words = {1: "visual", 2: "somatomotor", 3: "dorsal attention", 4: "ventral attention",
             5: "limbic", 6: "frontoparietal", 7: "default"}  # fmt: skip
    info = atlas_info("desikan")
    for hemi, declared in info.surface.files.sides():
        ids = read_surface_ids(
            info, info.surface, hemi, data_root("atlases") / "desikan" / declared.file
        )
        yeo, _ = read_gifti_labels(
            found(real, f"fsaverage5_{hemi.freesurfer}_Yeo2011_7Networks_N1000.label.gii")
        )
        for parcel in (p for p in info.parcels if p.hemi is hemi):
            counts = np.bincount(yeo.index[ids == parcel.id], minlength=8)[1:]
            if counts.max() > 0.55 * counts.sum():
                assert parcel.network == words[int(counts.argmax()) + 1], parcel


# --- guards -------------------------------------------------------------------------------

GOOD = """
name = "mine"
title = "t"
doi = "10.1/x"
licence = "MIT"
status = "user"
parcels = [[300, "left", "a", ""], [301, "right", "a", "visual"]]
[volume]
template = "MNI152NLin6Asym"
file = "a.nii.gz"
sha256 = "{sha}"
background = [0]
[candidates.c]
ids = [300]
source = "doi:10.1/x"
"""


def declare(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text.replace("{sha}", "0" * 64), encoding="utf-8")
    return path


def test_a_good_declaration_is_read(tmp_path) -> None:
    info = read_declaration(declare(tmp_path, GOOD))
    assert [(p.id, p.hemi, p.network) for p in info.parcels] == [
        (300, Hemi.LEFT, None),
        (301, Hemi.RIGHT, "visual"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "mine"', 'name = "other"', "'other' is not the file's own"),
        ('status = "user"', 'status = "free"', "'free' is none of shipped, user, own"),
        ("[301,", "[300,", "parcel id occurs twice"),
        ('[301, "right"', '[301, "left"', "name occurs twice in one hemisphere"),
        ('"left"', '"links"', "'links' names no side"),
        ("[300, ", "[0, ", "is no parcel"),
        ("ids = [300]", "ids = [302]", r"no parcels: \[302\]"),
        ("ids = [300]", "ids = [300, 300]", "names an id twice"),
        ("ids = [300]", 'ids = [300]\nwhy = "x"', "unknown keys: why"),
        ('file = "a.nii.gz"', 'file = "../a.nii.gz"', "no base name"),
        ("{sha}", "12", "64 digits"),
        ('title = "t"', "title = true", "'title' is True, not str"),
        ("name =", "name", "cannot be read"),
    ],
)
def test_a_bad_declaration_is_refused(tmp_path, old, new, says) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=says):
        read_declaration(declare(tmp_path, GOOD.replace(old, new, 1)))


def test_an_unknown_atlas_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no atlas called 'desican'\. Did you mean 'desikan'"):
        atlas_info("desican")


def shipped(hemi: Hemi) -> tuple[str, Path]:
    declared = atlas_info("desikan").surface.files.side(hemi)
    path = data_root("atlases") / "desikan" / declared.file
    return path.read_text(encoding="utf-8"), path


def test_the_other_hemispheres_file_is_refused() -> None:
    info = atlas_info("desikan")
    _, right = shipped(Hemi.RIGHT)
    with pytest.raises(DomainError, match="given as left, but the file says right"):
        read_surface_ids(info, info.surface, Hemi.LEFT, right)


def test_a_table_with_other_names_is_refused(tmp_path) -> None:
    text, _ = shipped(Hemi.LEFT)
    swapped = text.replace("superiorfrontal", "@@").replace("superiorparietal", "superiorfrontal")
    path = tmp_path / "left.label.gii"
    path.write_text(swapped.replace("@@", "superiorparietal"), encoding="utf-8")
    info = atlas_info("desikan")
    with pytest.raises(InputError, match=r"key 1028 is called 'superiorparietal'.*'superiorfr"):
        read_surface_ids(info, info.surface, Hemi.LEFT, path)


def test_a_label_that_is_not_declared_is_refused(real) -> None:
    """The stock fsaverage5 file numbers its regions 1 to 35: those are no aparc+aseg ids."""
    info = atlas_info("desikan")
    path = found(real, "fsaverage5_lh_aparc_annot.label.gii")
    with pytest.raises(InputError, match="label 1 is neither a parcel nor background"):
        read_surface_ids(info, info.surface, Hemi.LEFT, path)

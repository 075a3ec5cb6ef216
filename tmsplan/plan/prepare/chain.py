"""From raw scans to a folder that ``tmsplan check`` and ``plan`` read."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...base.errors import refuse_file
from ...coil.scalp_from_t1 import MadeScalp, scalp_from_t1
from ...patient.image import RawImage, read_image
from ...patient.patient import TEMPLATE_WARPED
from ...space.frame import Frame, Scanner
from ...surface.pair import Pair
from .anatomy import Anatomy, prepare_anatomy
from .bold import Run, prepare_bold
from .cortex import hit_rate, warped_cortex
from .engine import load_ants, own_temporary_folder
from .files import write_confounds, write_cortex, write_image, write_scalp, write_toml
from .itk_chain import write_chain
from .picture import Picture
from .refine import TRAVEL, refined_cortex
from .steps import Steps
from .template import TEMPLATE, Sheet, load_template, template_cortex

__all__ = ["Person", "Prepared", "RawRun", "prepare"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is: `id`, and age in years, sex and site where known."""

    id: str
    age: float | None = None
    sex: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class RawRun:
    """A BOLD file and its repetition time in seconds, as decided by the caller."""

    path: Path
    tr_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Everything that was made, for pictures and for the report.

    Parameters
    ----------
    anatomy : Anatomy
    cortex : Pair of Sheet
        In the T1's world.
    scalp : MadeScalp
    run : Run or None
    ribbon_hit : float
        Share of mid-cortex vertices in the patient's own grey matter.
    warped_hit : float
        The same before refinement: what the registration alone reached.
    steps : Steps
    """

    anatomy: Anatomy
    cortex: Pair[Sheet]
    scalp: MadeScalp
    run: Run | None
    ribbon_hit: float
    warped_hit: float
    steps: Steps

    def qc(self) -> dict[str, str | float]:
        """Return what was measured, as it stands in ``[qc]``."""
        out: dict[str, str | float] = {
            "ribbon_hit_rate": self.ribbon_hit,
            "warp_hit_rate": self.warped_hit,
            "registration_agreement": self.anatomy.agreement,
            "scalp_cut_share": float(np.mean(self.scalp.cut.values)),
        }
        if self.run is not None:
            fd = self.run.confounds["framewise_displacement"]
            out["mean_fd_mm"] = float(np.nanmean(fd))
            brain = self.anatomy.brain
            inside = self.run.mean.with_data(self.run.brain).at(_places(brain)) > 0.5
            out["bold_brain_coverage"] = float(inside.mean())
        return out


def prepare(
    t1_path: Path, run: RawRun | None, person: Person, folder: Path, steps: Steps
) -> Prepared:
    """Prepare one patient from raw scans into `folder`.

    Parameters
    ----------
    t1_path : Path
        Whole-head T1.
    run : RawRun or None
    person : Person
    folder : Path
        Empty; published by the caller.
    steps : Steps
        Gets the time of each step.

    Raises
    ------
    MissingPartError
        If ANTs is not installed.
    InputError
        If an image is refused or the registration failed.
    """
    load_ants()
    with own_temporary_folder():
        done = _prepared(t1_path, run, person, steps)
    with steps.step("writing"):
        _write(done, t1_path, run, person, folder)
    return done


def _prepared(t1_path: Path, run: RawRun | None, person: Person, steps: Steps) -> Prepared:
    raw = read_image(t1_path)
    with steps.step("scalp"):
        scalp = scalp_from_t1(raw.volume(Frame(Scanner, person.id), "T1w"))
    anatomy = prepare_anatomy(_picture(raw), load_template(), steps)
    with steps.step("cortex (warped, then refined)"):
        warped = warped_cortex(template_cortex(), anatomy)
        cortex = refined_cortex(warped, anatomy)
    hits = (hit_rate(cortex, anatomy), hit_rate(warped, anatomy))
    found = None
    if run is not None:
        found = prepare_bold(*_series(run.path), anatomy, steps)
    return Prepared(anatomy, cortex, scalp, found, *hits, steps)


def _picture(raw: RawImage) -> Picture:
    return Picture(np.asarray(raw.data, dtype=np.float32), raw.affine)


def _series(path: Path) -> tuple[NDArray[np.float32], Floats]:
    import nibabel as nib

    image = nib.load(path)
    if len(image.shape) != 4 or image.shape[3] < 2:
        raise refuse_file(
            path, f"shape {image.shape}", "a series of volumes (4 dimensions)", "Pass the BOLD run"
        )
    return np.asarray(image.dataobj, dtype=np.float32), np.asarray(image.affine, dtype=np.float64)


def _places(mask: Picture) -> Floats:
    ijk = np.argwhere(mask.data > 0)
    return np.asarray(ijk @ mask.affine[:3, :3].T + mask.affine[:3, 3])


def _write(
    done: Prepared, t1_path: Path, run: RawRun | None, person: Person, folder: Path
) -> None:
    t1_name = "T1" + "".join(s for s in t1_path.suffixes[-2:] if s in (".nii", ".gz", ".mgz"))
    shutil.copyfile(t1_path, folder / t1_name)
    a = done.anatomy
    for name, picture in (("gm", a.gm), ("wm", a.wm), ("csf", a.csf)):
        write_image(folder / f"{name}.nii.gz", picture.data, picture.affine)
    write_image(folder / "brain_mask.nii.gz", a.brain.data.astype(np.uint8), a.brain.affine)
    warp = f"from-{TEMPLATE}_to-T1w_mode-image_xfm.h5"
    write_chain(a.chain, folder / warp)
    write_scalp(folder / "scalp.surf.gii", done.scalp.surface)
    anatomy: dict[str, str | float] = {
        "t1w": t1_name,
        **write_cortex(folder, done.cortex),
        "scalp": "scalp.surf.gii",
        "from_mni": warp,
        "template": TEMPLATE,
        "surfaces": TEMPLATE_WARPED,
        "surfaces_because": (
            f"fsaverage5 moved by a registration of the T1 to {TEMPLATE}, then to the patient's "
            f"own tissue boundaries by at most {TRAVEL.value:g} mm; "
            f"{done.ribbon_hit:.3f} of mid-cortex lies in the patient's own grey matter"
        ),
    }
    maps: dict[str, str | float] = {"space": "T1w", "gm": "gm.nii.gz"}
    if run is not None and done.run is not None:
        maps |= _write_run(done.run, run, folder)
    who = {"id": person.id, "age": person.age, "sex": person.sex, "site": person.site}
    write_toml(
        folder / "patient.toml",
        {k: v for k, v in who.items() if v is not None},
        {"anatomy": anatomy, "maps": maps, "qc": done.qc()},
    )


def _write_run(found: Run, run: RawRun, folder: Path) -> dict[str, str | float]:
    affine = found.mean.affine
    write_image(folder / "bold.nii.gz", found.series, affine, tr_s=run.tr_s)
    write_image(folder / "mean_bold.nii.gz", found.mean.data, affine)
    write_image(folder / "bold_mask.nii.gz", found.brain.astype(np.uint8), affine)
    write_confounds(folder / "confounds.tsv", found.confounds)
    return {
        "bold": "bold.nii.gz",
        "bold_mask": "bold_mask.nii.gz",
        "tr": run.tr_s,
        "confounds": "confounds.tsv",
        "mean_bold": "mean_bold.nii.gz",
    }

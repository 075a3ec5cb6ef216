"""The verbs that start from raw scans refuse before they work."""

import numpy as np
import pytest
from typer.testing import CliRunner

from tmsplan.base.errors import AmbiguityError, InputError, UsageError
from tmsplan.cli.app import app
from tmsplan.plan.prepare.files import write_image

RUN = CliRunner()


def _refused(*arguments, error, match):
    found = RUN.invoke(app, [str(a) for a in arguments])
    with pytest.raises(error, match=match):
        raise found.exception


def test_prepare_needs_an_id_and_a_folder(tmp_path):
    _refused("prepare", tmp_path / "T1.nii.gz", error=UsageError, match="-o DIR and --id ID")


def test_an_impossible_age_is_refused(tmp_path):
    arguments = ("prepare", "T1.nii", "-o", tmp_path / "out", "--id", "sub-01", "--age", "340")
    _refused(*arguments, error=UsageError, match=r"--age is 340\. Pass 0 to 120 years")


def test_an_existing_folder_is_refused_before_any_work(tmp_path):
    (tmp_path / "out").mkdir()
    arguments = ("prepare", "T1.nii", "-o", tmp_path / "out", "--id", "sub-01")
    _refused(*arguments, error=InputError, match="exists already")


def test_header_and_sidecar_that_differ_are_not_chosen_between(tmp_path):
    write_image(tmp_path / "bold.nii.gz", np.ones((8, 8, 8, 4), np.float32), np.eye(4), tr_s=1.79)
    (tmp_path / "bold.json").write_text('{"RepetitionTime": 2.0}')
    arguments = ("prepare", "T1.nii", tmp_path / "bold.nii.gz", "-o", tmp_path / "out")
    _refused(*arguments, "--id", "sub-01", error=AmbiguityError, match=r"1\.79.*2.*--tr SECONDS")


def test_scalp_does_not_overwrite(tmp_path):
    (tmp_path / "s.surf.gii").write_text("mine")
    arguments = ("scalp", "T1.nii", "-o", tmp_path / "s.surf.gii")
    _refused(*arguments, error=UsageError, match="exists already")
    assert (tmp_path / "s.surf.gii").read_text() == "mine"

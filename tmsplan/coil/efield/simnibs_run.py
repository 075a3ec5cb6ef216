"""Run a SimNIBS job here, in SimNIBS' own interpreter."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from ...base.errors import InputError, MissingPartError

__all__ = ["run_job", "simnibs_python"]

_NAME = "simnibs_python"


def simnibs_python() -> Path:
    """Return SimNIBS' interpreter.

    Raises
    ------
    MissingPartError
        If it is not on the PATH; says what to install.
    """
    found = shutil.which(_NAME)
    if found is None:
        raise MissingPartError(
            f"SimNIBS is not here: no '{_NAME}' on the PATH. Install SimNIBS 4 (its own "
            f"installer, GPL; tmsplan never contains it), make a head model of this T1 with "
            f"charm, and run again; or run run_in_simnibs.py on the machine that has it and "
            f"read the result. Without it, tmsplan's own shell models need nothing more."
        )
    return Path(found)


def run_job(folder: Path, head_model: Path) -> None:
    """Run the script of a job; afterwards `read_result` reads the folder.

    Parameters
    ----------
    folder : Path
        As `write_job` left it.
    head_model : Path
        The ``m2m_`` folder that charm made from the same T1.

    Raises
    ------
    MissingPartError
        If SimNIBS is not installed.
    InputError
        If the head model is missing, or SimNIBS fails: with its last words.
    """
    interpreter = simnibs_python()
    if not head_model.is_dir():
        raise InputError(
            f"{head_model.name}: there is no such folder. Expected the m2m_ folder of charm. Run "
            f"charm on this patient's T1 first."
        )
    command = [str(interpreter), "run_in_simnibs.py", str(head_model.resolve())]
    # A list, no shell: no name of a file is ever read as a command.
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise InputError(
            f"{head_model.name}: SimNIBS stopped with code {done.returncode}: "
            f"{words[-1] if words else 'no message'}. Expected a result. Run run_in_simnibs.py by "
            f"hand in the job's folder to see all it says."
        )

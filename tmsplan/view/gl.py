"""Whether this machine can draw: asked of a child process, because VTK without GL segfaults.

``vtkRenderWindow.SupportsOpenGL()`` answers yes even where the next render crashes, so the
child really renders a picture and reads it back.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from functools import cache

from ..base.errors import MissingPartError

__all__ = ["PACKAGES", "choose_gl_window", "require_gl"]

#: The two Debian packages that software rendering needs; libegl1 alone still crashes.
PACKAGES = "libegl1 libgl1-mesa-dri"

_WINDOW = "VTK_DEFAULT_OPENGL_WINDOW"
_EGL = "vtkEGLRenderWindow"
#: A probe takes about 1 s; a machine that needs a minute for one sphere cannot draw a page.
_PROBE_SECONDS = 60.0

#: VTK colours its log for a terminal.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

_PROBE = """
import sys
import vtkmodules.vtkRenderingOpenGL2
from vtkmodules.vtkFiltersSources import vtkSphereSource
from vtkmodules.vtkRenderingCore import (
    vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow, vtkWindowToImageFilter)
sphere, mapper, actor = vtkSphereSource(), vtkPolyDataMapper(), vtkActor()
mapper.SetInputConnection(sphere.GetOutputPort())
actor.SetMapper(mapper)
renderer, window = vtkRenderer(), vtkRenderWindow()
renderer.AddActor(actor)
window.SetOffScreenRendering(1)
window.SetSize(32, 32)
window.AddRenderer(renderer)
window.Render()
grab = vtkWindowToImageFilter()
grab.SetInput(window)
grab.Update()
low, high = grab.GetOutput().GetScalarRange()
sys.exit(0 if high > low else 3)
"""


def choose_gl_window() -> None:
    """Choose off-screen EGL on Linux unless the user chose; call before the first vtk import."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault(_WINDOW, _EGL)


def require_gl() -> None:
    """Raise unless this machine can render; the answer is kept for the run.

    Raises
    ------
    MissingPartError
        Names the window class that was tried, how the probe ended, and the packages to
        install.
    """
    choose_gl_window()
    window = os.environ.get(_WINDOW, "")
    failure = _probe(window)
    if failure:
        raise MissingPartError(
            f"pictures cannot be drawn: a test picture with {window or 'the default window'} "
            f"{failure}. VTK needs OpenGL, in software or hardware. On Debian or Ubuntu run: "
            f"apt-get install --no-install-recommends {PACKAGES}"
        )


@cache
def _probe(window: str) -> str:
    """Return how a child that renders one sphere with `window` failed, or an empty text."""
    # -P keeps the working folder off sys.path: a file vtk.py there must not be what is tried.
    environment = {**os.environ, _WINDOW: window} if window else dict(os.environ)
    command = [sys.executable, "-P", "-c", _PROBE]
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"took longer than {_PROBE_SECONDS:.0f} s"
    except OSError as err:
        return f"could not be started ({err.__class__.__name__})"
    return "" if done.returncode == 0 else _how(done.returncode, done.stderr)


def _how(code: int, stderr: bytes) -> str:
    plain = _COLOUR.sub("", stderr.decode(errors="replace"))
    lines = [line.strip() for line in plain.splitlines()]
    last = next((line for line in reversed(lines) if line), "no message")[-160:]
    if code == 3:
        return "came out empty"
    if code < 0:
        return f"crashed ({signal.Signals(-code).name}; {last})"
    return f"failed (exit {code}; {last})"

"""The probe: it renders, and a machine without GL gets a sentence, not a segfault."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tmsplan.base.errors import MissingPartError
from tmsplan.view.gl import PACKAGES, choose_gl_window, require_gl

WINDOW = "VTK_DEFAULT_OPENGL_WINDOW"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="EGL is Linux's")


def test_this_machine_can_render() -> None:
    require_gl()


@LINUX
def test_egl_is_chosen_unless_the_user_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WINDOW, raising=False)
    choose_gl_window()
    assert os.environ[WINDOW] == "vtkEGLRenderWindow"
    monkeypatch.setenv(WINDOW, "vtkOSOpenGLRenderWindow")
    choose_gl_window()
    assert os.environ[WINDOW] == "vtkOSOpenGLRenderWindow"


@LINUX
def test_without_a_gl_library_the_message_names_the_packages(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # OSMesa is not among the packages that we ask for: VTK crashes in the child, not here.
    monkeypatch.setenv(WINDOW, "vtkOSOpenGLRenderWindow")
    if _osmesa():
        pytest.skip("this machine has OSMesa, so its window works")
    with pytest.raises(MissingPartError, match="vtkOSOpenGLRenderWindow crashed") as caught:
        require_gl()
    assert PACKAGES in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert caught.value.exit_code == 5


@LINUX
def test_a_driver_that_cannot_be_loaded_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from tmsplan.view import gl

    # The EGL loader finds no driver: what a machine with libegl1 alone looks like.
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_FILENAMES", "/nonexistent.json")
    monkeypatch.setenv(WINDOW, "vtkEGLRenderWindow")
    gl._probe.cache_clear()
    try:
        with pytest.raises(MissingPartError, match="libegl1 libgl1-mesa-dri"):
            require_gl()
    finally:
        gl._probe.cache_clear()


def _osmesa() -> bool:
    code = "import ctypes.util,sys; sys.exit(0 if ctypes.util.find_library('OSMesa') else 1)"
    return subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

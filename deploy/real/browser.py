"""Headless Chromium: a picture of a page, or the page after its scripts ran."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

QUIET_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)


class BrowserFailed(RuntimeError):
    """Chromium ended with an error or too late; the message carries what it printed."""


def chromium_screenshot(
    url: str, png_path: Path, *, width: int = 1280, height: int = 900, is_dark: bool = False
) -> None:
    """Write what a window of `width` x `height` pixels shows of `url` to `png_path`; below 500 it is 500 wide.

    Raises:
        BrowserFailed: the page could not be opened; a picture of before is gone too.
    """
    png_path.unlink(missing_ok=True)
    chromium = _run_chromium(
        url, f"--screenshot={png_path.absolute()}", f"--window-size={width},{height}", *_scheme(is_dark)
    )
    if not png_path.exists():
        raise BrowserFailed(f"chromium opened no page at {url}\n{chromium.stderr}")


def chromium_dom(url: str, *, is_dark: bool = False) -> str:
    """The HTML of `url` as it stands after its scripts ran.

    Raises:
        BrowserFailed: the page could not be opened.
    """
    chromium = _run_chromium(url, "--dump-dom", *_scheme(is_dark))
    if not chromium.stdout.strip():
        raise BrowserFailed(f"chromium opened no page at {url}\n{chromium.stderr}")
    return chromium.stdout


def _scheme(is_dark: bool) -> list[str]:
    return ["--blink-settings=preferredColorScheme=0"] if is_dark else []


def _run_chromium(url: str, *arguments: str, timeout_s: float = 60) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="planwatch-chromium-", ignore_cleanup_errors=True) as profile:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to sandbox root
        command = ["chromium", *QUIET_FLAGS, *sandbox, f"--user-data-dir={profile}", *arguments, url]
        process = subprocess.Popen(  # noqa: S603  our own arguments
            command,
            env={**os.environ, "HOME": profile, "TMPDIR": profile},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise BrowserFailed(f"chromium did not finish {url} in {timeout_s:.0f} s") from None
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # its helper processes too
            process.wait()
    if process.returncode:  # an unreachable page is not an error to Chromium: it then prints nothing
        raise BrowserFailed(f"chromium failed on {url}\n{errors}")
    return subprocess.CompletedProcess(command, process.returncode, output, errors)

"""The folder that results go to: refused before the work if it cannot take them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path


def require_writable(parser: argparse.ArgumentParser, folder: Path) -> None:
    """Make the folder of ``--out``; one sentence and exit code 2 if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"--out {folder} cannot be made: {error.strerror}")
    if not os.access(folder, os.W_OK):
        parser.error(f"--out {folder} is not writable")

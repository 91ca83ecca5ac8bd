"""What people type after an option of ``dev.py``, with a sentence for what cannot be meant."""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path


def day(text: str) -> date:
    """A day as ``2026-12-31``."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!a} is no day; write year, month and day as 2026-12-31") from error


def new_file(text: str) -> Path:
    """A file that can be written, or written anew; nothing is read or changed before that is sure."""
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{str(path)!a} cannot be written: there is no folder {str(path.parent)!a}")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{str(path)!a} cannot be written: it is a folder; name a file in it")
    return path

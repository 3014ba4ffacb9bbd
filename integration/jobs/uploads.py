"""Uploaded files in the data directory: there until their import has ended, and a day at most."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files import File
from django.utils.text import get_valid_filename

KEPT_S = 24 * 3600
ERRORS = ".errors.csv"
# The newest files of errors that are kept; each has 1 MB at most.
MOST_ERRORS = 20


def folder() -> Path:
    return Path(settings.DATA_DIR) / "uploads"


def save_upload(file: File[bytes]) -> dict[str, str]:
    """Save an upload until it is imported; the parameters of the job."""
    folder().mkdir(parents=True, exist_ok=True)
    name = get_valid_filename(file.name or "upload.jsonl")
    # Of the name only its end: a whole one may be longer than the disk allows.
    path = folder() / f"{uuid4().hex}-{name[-40:]}"
    try:
        with path.open("wb") as kept:
            for chunk in file.chunks():
                kept.write(chunk)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return {"path": str(path), "name": name[-100:]}


def remove_upload(path: Path | str) -> None:
    """Remove an uploaded file; files elsewhere, which were never uploads, stay."""
    if Path(path).parent == folder():
        Path(path).unlink(missing_ok=True)


def error_path(path: Path) -> Path | None:
    """Where the errors of an uploaded file go; None for files that are no uploads."""
    return path.with_name(path.name + ERRORS) if path.parent == folder() else None


def remove_stale_uploads(in_use: Iterable[str]) -> int:
    """Remove what no waiting or running job needs: uploads after a day, all but the newest errors."""
    used, old, removed = set(in_use), time.time() - KEPT_S, 0
    errors: list[tuple[float, Path]] = []
    for path in folder().glob("*") if folder().is_dir() else ():
        with suppress(OSError):  # another process removed it
            changed = path.stat().st_mtime
            if path.name.endswith(ERRORS):
                errors.append((changed, path))
            elif changed < old and str(path) not in used:
                path.unlink()
                removed += 1
    for _, path in sorted(errors, reverse=True)[MOST_ERRORS:]:
        path.unlink(missing_ok=True)
        removed += 1
    return removed

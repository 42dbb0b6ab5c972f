"""From the ``stim_file`` of an event to the one picture that it names."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath


def locate_stimuli(
    stim_files: Iterable[str], root: Path, stimuli: Path
) -> dict[str, str]:
    """Find the picture that each ``stim_file`` names.

    Parameters
    ----------
    stim_files : iterable of str
        As written in ``events.tsv``: relative to the stimuli folder, with or without
        a leading ``stimuli/``, with slashes of either kind.
    root : Path
        The root of the dataset.
    stimuli : Path
        The folder of the pictures.

    Returns
    -------
    images : dict
        From ``stim_file`` to the path relative to ``stimuli``, with forward slashes.

    Raises
    ------
    FileNotFoundError
        If pictures are missing.
    ValueError
        If a ``stim_file`` leaves the stimuli folder or names two different pictures.
    """
    images, outside, missing, ambiguous = {}, [], [], []
    for stim_file in stim_files:
        name = PurePosixPath(stim_file.replace("\\", "/"))
        if _leaves(name):
            outside.append(stim_file)
            continue
        inside = [image for image in _readings(name) if (stimuli / image).exists()]
        contents = {_digest(path) for path in _places(name, root, stimuli)}
        if not inside:
            missing.append(stim_file)
        elif len(contents) > 1:
            ambiguous.append(stim_file)
        else:
            images[stim_file] = inside[0].as_posix()
    _refuse(outside, ValueError, f"leave the folder of the pictures, {stimuli}")
    _refuse(missing, FileNotFoundError, f"are not in the folder of pictures, {stimuli}")
    _refuse(ambiguous, ValueError, f"name different pictures in {stimuli} and {root}")
    return images


def tidy_name(stim_file: str) -> str:
    """Write a ``stim_file`` relative to the stimuli folder, with forward slashes.

    Parameters
    ----------
    stim_file : str
        As written in ``events.tsv``.

    Returns
    -------
    image : str
        What :func:`locate_stimuli` would say if the picture were there.
    """
    return _readings(PurePosixPath(stim_file.replace("\\", "/")))[-1].as_posix()


def _leaves(name: PurePosixPath) -> bool:
    # By name only: in an annexed dataset every picture is a link to elsewhere.
    drive = PureWindowsPath(name).drive
    return ".." in name.parts or name.is_absolute() or bool(drive)


def _readings(name: PurePosixPath) -> list[PurePosixPath]:
    """List what the name may mean: as it is, and without a leading ``stimuli/``."""
    if name.parts[:1] == ("stimuli",) and len(name.parts) > 1:
        return [name, name.relative_to("stimuli")]
    return [name]


def _places(name: PurePosixPath, root: Path, stimuli: Path) -> list[Path]:
    """List the existing places that the name may mean, each once."""
    candidates = {stimuli / image for image in _readings(name)} | {root / name}
    places = [path for path in candidates if path.exists()]
    # Almost always there is one place, and nothing to compare.
    return places if len(places) > 1 else []


def _digest(path: Path) -> str:
    """Hash a picture, or the names and contents of a folder of pictures."""
    digest = hashlib.sha256()
    members = [path] if path.is_file() else sorted(path.rglob("*"))
    for member in members:
        if member.is_file():
            digest.update(member.relative_to(path).as_posix().encode())
            digest.update(member.read_bytes())
    return digest.hexdigest()


def _refuse(stim_files: list[str], error: type[Exception], complaint: str) -> None:
    if stim_files:
        first = ", ".join(map(repr, stim_files[:5]))
        more = f" and {len(stim_files) - 5} more" if len(stim_files) > 5 else ""
        raise error(f"stim_file: {len(stim_files)} {complaint}: {first}{more}")

"""Results on disk: a file for each fit, and the table that they make together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..features._disk import remove_leftovers, write_whole, writing

if TYPE_CHECKING:
    from pandas import DataFrame

_ORDER = ["dataset", "protocol", "recipe", "subject", "minutes", "seed", "selection"]
_ADVICE = "Give another folder, or make room; what is there already stays valid."


class ResultsFolder:
    """A folder that several processes may fill, and that resumes.

    Parameters
    ----------
    path : path
        The folder; made if it is not there.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        with writing(self.path, _ADVICE):
            (self.path / ".locks").mkdir(parents=True, exist_ok=True)
        remove_leftovers(self.path)

    def has(self, fit: str) -> bool:
        """Tell whether a fit is done.

        Parameters
        ----------
        fit : str
            Its id.

        Returns
        -------
        done : bool
            Whether its row is there.
        """
        return self._row(fit).is_file()

    @contextmanager
    def claim(self, fit: str, *, wait: bool) -> Iterator[bool]:
        """Keep a fit from other processes for as long as the block takes.

        Parameters
        ----------
        fit : str
            Its id.
        wait : bool
            Whether to wait for another process that is at it.

        Yields
        ------
        mine : bool
            Whether it is to be done, here and now: it is not done yet, and nobody else
            is at it.
        """
        from filelock import FileLock, Timeout

        place = self.path / ".locks" / fit
        try:
            lock = FileLock(place).acquire(timeout=-1 if wait else 0)
        except Timeout:
            yield False
            return
        with lock:
            yield not self.has(fit)
            if self.has(fit):  # whoever comes now sees that, with or without a lock
                with suppress(PermissionError):  # of Windows, while it is locked
                    place.unlink(missing_ok=True)

    def write(self, row: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Keep what a fit gave; the row comes last, and makes it done.

        Parameters
        ----------
        row : mapping
            One row of the table, with its ``id``.
        arrays : mapping of str to array
            What is kept beside it. Arrays of text are kept too.
        """
        from safetensors.numpy import save

        numbers, text = {}, {}
        for name, array in arrays.items():
            if array.dtype.kind in "biuf":
                numbers[name] = np.ascontiguousarray(array)
            else:
                text[name] = json.dumps(array.tolist())
        fit = row["id"]
        with writing(self.path, _ADVICE):
            write_whole(self._arrays(fit), save(numbers, text or None))
            write_whole(self._row(fit), json.dumps(dict(row), indent=1).encode())

    def read(self, fit: str) -> dict[str, Any]:
        """Read a row.

        Parameters
        ----------
        fit : str
            Its id.

        Returns
        -------
        row : dict
            The row.
        """
        return _read_row(self._row(fit))

    def read_arrays(self, fit: str) -> dict[str, np.ndarray]:
        """Read what is kept beside a row.

        Parameters
        ----------
        fit : str
            Its id.

        Returns
        -------
        arrays : dict of str to array
            Numbers and text.
        """
        from safetensors import safe_open

        if not self.has(fit):
            raise ValueError(
                f"{self.path} has no fit {fit!r}; read_results(folder)['id'] lists "
                "those that it has."
            )
        with _reading(self._arrays(fit)):
            with safe_open(self._arrays(fit), framework="np") as file:
                text = (file.metadata() or {}).items()
                numbers = {name: file.get_tensor(name) for name in file.keys()}
        return numbers | {name: np.array(json.loads(said)) for name, said in text}

    def _row(self, fit: str) -> Path:
        return self.path / f"{fit}.json"

    def _arrays(self, fit: str) -> Path:
        return self.path / f"{fit}.safetensors"


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (FileNotFoundError, SafetensorError, ValueError) as error:
        raise ValueError(
            f"{path} is missing or damaged ({error}). Remove {path.stem}.json, and run "
            "the protocol again: it does this fit anew, and no other."
        ) from error


def _read_row(path: Path) -> dict[str, Any]:
    with _reading(path):
        return json.loads(path.read_bytes())


def read_results(folder: str | Path) -> DataFrame:
    """Read the results of all fits in a folder.

    Parameters
    ----------
    folder : path
        What was given to ``run(folder=)`` of a protocol.

    Returns
    -------
    results : DataFrame
        One row per fit:

        - ``id``, ``dataset``, ``is_simulated``, ``protocol``, ``recipe``, ``settings``
          (the same as long as the recipe and the preprocessing are), ``subject``,
          ``minutes``, ``seed``: which fit it is;
        - ``selection``: ``"train"``, or ``"test"`` where epoch and layer were chosen by
          the score on the test set;
        - ``calibration``, ``transductive``: ``"none"`` and False, see
          :func:`calibrate_results`;
        - ``layer``, ``pooling``, ``layer_rule`` (``"given"``, ``"auto"``, ``"search"``
          or ``"test"``), ``epoch``: what was used, and who chose it;
        - ``n_train``, ``n_adapt``, ``n_queries``, ``n_gallery``: numbers of training
          trials, of those of the person's own first minutes, of test trials and of
          candidates;
        - ``top1``, ``top5``, ``mean_rank``, ``median_rank``, ``mrr``, ``two_way``
          and, with categories, ``concept5``: the scores;
        - ``fit_seconds``, ``score_seconds``, ``backbone``, ``weights_revision``,
          ``encoder``, ``device``, ``precision``, ``versions`` (JSON): how it was done;
        - ``digest``: a SHA-256 of all that was learned, taken before the test.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If a file in it is damaged.

    See Also
    --------
    read_arrays : What is kept beside a row.
    calibrate_results : Scores after calibration.
    """
    import pandas as pd

    path = Path(folder).expanduser()
    if not path.is_dir():
        raise FileNotFoundError(f"folder={str(folder)!r} is no existing folder.")
    found = [_read_row(file) for file in sorted(path.glob("*.json"))]
    rows = [row for row in found if {"id", "protocol"} <= set(row)]
    table = pd.DataFrame(rows)
    return table.sort_values(_ORDER, ignore_index=True) if rows else table


def read_arrays(folder: str | Path, fit: str) -> dict[str, np.ndarray]:
    """Read what is kept of a fit beside its row.

    Parameters
    ----------
    folder : path
        What was given to ``run(folder=)`` of a protocol.
    fit : str
        The ``id`` of the row.

    Returns
    -------
    arrays : dict of str to array
        ``train_loss`` and, with ``watch_test=True`` or ``selection="test"``,
        ``test_loss`` and ``test_top1``, of shape (n_epochs,); with
        ``keep="similarity"`` also ``similarity``, of shape (n_queries, n_gallery),
        ``truth``, the column of the right picture of each query, and of every candidate
        its path, ``gallery``, its concept, ``concepts``, and where there are any its
        category, ``categories``; with
        ``keep="embeddings"`` also ``queries``, of shape (n_queries, n_components), and
        ``images``, of shape (n_gallery, n_components).

    Raises
    ------
    ValueError
        If the folder has no such fit, or its file is missing or damaged.

    See Also
    --------
    read_results : The rows.
    """
    return ResultsFolder(folder).read_arrays(fit)

"""A BIDS dataset whose true layer is known."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import mne
import numpy as np
import pandas as pd
from mne.utils import logger, verbose
from numpy.typing import ArrayLike
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from ..backbones import Backbone, load_backbone
from ..features import extract_features
from ._forward import POSTERIOR, head, leadfield, noise_covariance, posterior_dipoles
from ._response import gaussian_bumps, record_runs, scale_to_snr
from ._simulated_folder import new_subject, write_runs
from ._stimulus_set import lay_out_stimuli


@verbose
def simulate_bids(
    path: str | Path,
    *,
    subject: str = "01",
    n_concepts: int = 80,
    n_images_per_concept: int = 6,
    n_repetitions: int = 2,
    n_test_concepts: int = 20,
    n_test_repetitions: int = 6,
    images: str | Path | None = None,
    backbone: str | Backbone = "gabor/v1",
    layer: int | float | str = 3,
    pooling: str = "mean",
    montage: str = "biosemi64",
    ch_names: Sequence[str] | None = None,
    sfreq: float = 100.0,
    n_dipoles: int = 64,
    time_course: ArrayLike | None = None,
    snr: float = 0.5,
    n_runs: int = 4,
    cache_dir: str | Path | bool | None = None,
    random_state: int | np.random.RandomState | None = 0,
    overwrite: bool = False,
    verbose: bool | str | int | None = None,
) -> Path:
    """Simulate the recording of a person who looks at pictures, as a BIDS dataset.

    The moment of each dipole is a fixed random linear map of the standardised
    features that one layer of one backbone gives of the picture, along a time course
    of its own. A forward model takes the dipoles to the electrodes, where noise with
    the spectrum and the spatial correlation of EEG is added. As in THINGS-EEG2
    (Gifford et al., 2022), the pictures of held-out concepts are seen more often.

    Parameters
    ----------
    path : str | Path
        The root of the dataset. Called again with another ``subject``, it adds a
        person who saw the same pictures with another head.
    subject : str
        The BIDS label of the subject.
    n_concepts : int
        The number of concepts for training.
    n_images_per_concept : int
        The number of pictures of each concept, for training and test concepts alike.
    n_repetitions : int
        How often each picture of a training concept is shown.
    n_test_concepts : int
        The number of concepts held out for the test.
    n_test_repetitions : int
        How often each picture of a test concept is shown.
    images : str | Path | None
        A folder of pictures with one folder per concept. ``None``: pictures are drawn
        (:func:`draw_pictures`).
    backbone : str | Backbone
        What :func:`~mne_shallowalign.load_backbone` accepts.
    layer : int | float | str
        The layer that drives the brain: the truth to be found.
    pooling : str
        How the patches of that layer become one vector.
    montage : str
        One of MNE's standard montages, see :func:`mne.channels.make_standard_montage`.
    ch_names : sequence of str | None
        The electrodes. ``None``: the 17 occipital and parietal ones of THINGS-EEG2.
    sfreq : float
        The sampling frequency in Hz.
    n_dipoles : int
        The number of dipoles in the posterior half of the head.
    time_course : array_like, shape (n_times,) or (n_dipoles, n_times) | None
        How the response of the dipoles unfolds from the onset of the picture on, at
        ``sfreq``. ``None``: one Gaussian bump per dipole, between 80 and 400 ms.
    snr : float
        The standard deviation across pictures of the noise-free response, from onset
        to its end, over that of the noise (10 microvolts), in a single trial.
    n_runs : int
        The number of runs among which the trials are shuffled.
    cache_dir : str | Path | bool | None
        Where the features are kept, see
        :func:`~mne_shallowalign.features.extract_features`.
    random_state : int | RandomState | None
        The same seed gives the same dataset. An ``int`` is needed to add subjects.
    overwrite : bool
        Whether a subject that is there already is replaced.
    %(verbose)s

    Returns
    -------
    root : Path
        The root of the dataset. ``code/simulation.json`` holds every parameter, with
        the canonical name of the true layer.

    Raises
    ------
    FileExistsError
        If the subject is there already, or ``path`` holds something else.
    ValueError
        If ``path`` holds a simulation with other parameters, or if ``images`` has too
        few pictures, or a parameter is out of range.

    See Also
    --------
    load_bids : Read the dataset as Epochs.

    Notes
    -----
    Trials are 0.8 to 1.0 s apart. Nothing is left in ``path`` when the call fails.
    """
    backbone = load_backbone(backbone).pinned()
    layer = backbone.resolve(layer)
    design = dict(
        backbone=backbone.name,
        weights_revision=backbone.weights_revision,
        layer=layer,
        pooling=pooling,
        images="drawn" if images is None else Path(images).name,
        n_concepts=n_concepts,
        n_images_per_concept=n_images_per_concept,
        n_repetitions=n_repetitions,
        n_test_concepts=n_test_concepts,
        n_test_repetitions=n_test_repetitions,
        montage=montage,
        ch_names=list(POSTERIOR if ch_names is None else ch_names),
        sfreq=float(sfreq),
        n_dipoles=n_dipoles,
        time_course=_as_time_course(time_course, n_dipoles),
        snr=float(snr),
        n_runs=n_runs,
        random_state=int(random_state) if isinstance(random_state, Integral) else None,
        seed=int(check_random_state(random_state).randint(2**31 - 1)),
    )
    _check_design(design)
    root = Path(path)
    with new_subject(root, subject, design, overwrite) as work:
        pictures = lay_out_stimuli(root, work, images, design)
        features = extract_features(
            pictures["path"].tolist(),
            backbone,
            [layer],
            pooling=pooling,
            cache_dir=cache_dir,
            store_all=True,
        )[layer]
        write_runs(work, subject, _record(features, pictures, subject, design), design)
    logger.info("Simulated sub-%s, driven by %s, in %s", subject, layer, root)
    return root


def _as_time_course(time_course: ArrayLike | None, n_dipoles: int) -> list[Any] | None:
    if time_course is None:
        return None
    expected = (
        f"; expected finite numbers, not all of them zero, of the shape (n_times,) or "
        f"(n_dipoles={n_dipoles}, n_times)."
    )
    try:
        array = np.asarray(time_course, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"time_course is no array of numbers{expected}") from error
    if array.ndim not in (1, 2) or array.shape[:-1] not in ((), (1,), (n_dipoles,)):
        raise ValueError(f"time_course has the shape {array.shape}{expected}")
    if not np.isfinite(array).all() or not array.any():
        raise ValueError(
            f"time_course has the shape {array.shape} and no response{expected}"
        )
    return array.tolist()


def _check_design(design: dict[str, Any]) -> None:
    few = [k for k, value in design.items() if k.startswith("n_") and value < 1]
    if few:
        raise ValueError(
            ", ".join(f"{name}={design[name]!r}" for name in few)
            + " must be 1 or more."
        )
    for name in ("sfreq", "snr"):
        if not design[name] > 0:
            raise ValueError(f"{name}={design[name]!r} must be greater than 0.")
    n_trials = design["n_images_per_concept"] * (
        design["n_concepts"] * design["n_repetitions"]
        + design["n_test_concepts"] * design["n_test_repetitions"]
    )
    if design["n_runs"] > n_trials:
        raise ValueError(
            f"n_runs={design['n_runs']!r} must be at most the number of trials, "
            f"{n_trials}."
        )


def _record(
    features: np.ndarray, pictures: pd.DataFrame, subject: str, design: dict[str, Any]
) -> list[tuple[mne.io.RawArray, pd.DataFrame]]:
    """Take the features of the pictures through dipoles and electrodes to runs."""
    rng = np.random.RandomState(design["seed"])
    subject_rng = np.random.RandomState([design["seed"], zlib.crc32(subject.encode())])
    n_dipoles = design["n_dipoles"]

    features = StandardScaler().fit_transform(features)
    weights = rng.normal(size=(features.shape[1], n_dipoles))
    # drive.shape = (n_pictures, n_dipoles)
    drive = StandardScaler().fit_transform(features @ weights)
    time_course = design["time_course"]
    if time_course is None:
        time_course = gaussian_bumps(n_dipoles, design["sfreq"], rng)
    time_course = np.broadcast_to(time_course, (n_dipoles, np.shape(time_course)[-1]))

    info, sphere = head(design["montage"], design["ch_names"], design["sfreq"])
    dipoles = posterior_dipoles(n_dipoles, rng, subject_rng)
    gain = leadfield(info, sphere, *dipoles)
    noise = noise_covariance(info, sphere, subject_rng)
    gain = scale_to_snr(gain, drive, time_course, noise, design["snr"])
    return record_runs(
        info, gain, drive, time_course, noise, pictures, design, subject_rng
    )

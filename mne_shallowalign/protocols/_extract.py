"""Features of the training pictures, computed once before many workers need them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mne.utils import use_log_level
from sklearn.base import clone

from ..search import LayerSearchCV
from ._fingerprint import say
from ._plan import Job
from ._recordings import Recordings

if TYPE_CHECKING:
    from joblib import Parallel

    from ..decoder import ShallowAlignDecoder


def extract_first(jobs: Sequence[Job], parallel: Parallel, level: int) -> None:
    """Bring all layers of each backbone into the cache, one pass for each.

    Parameters
    ----------
    jobs : sequence of Job
        The fits that will need them.
    parallel : joblib.Parallel
        Who computes them.
    level : int
        MNE's logging level.
    """
    from joblib import delayed

    passes = _passes(jobs)
    people = {
        (id(job.recordings), subject): (job.recordings, subject)
        for job in passes.values()
        for subject in job.recordings.subjects
    }
    listed = parallel(delayed(_pictures)(*one, level) for one in people.values())
    pictures: dict[str, dict[str, None]] = {}
    for name, seen in listed:
        pictures.setdefault(name, {}).update(dict.fromkeys(seen))
    tasks = [
        delayed(_extract)(
            job.decoder,
            _poolings(job),
            list(pictures[job.recordings.name]),
            job.recordings.image_root,
            level,
        )
        for job in passes.values()
    ]
    for _ in parallel(tasks):
        pass


def _passes(jobs: Sequence[Job]) -> dict[str, Job]:
    """Find one fit for each backbone, pooling and dataset."""
    passes: dict[str, Job] = {}
    for job in jobs:
        decoder = job.decoder
        if decoder.cache_dir is not False:
            used = [say(decoder.backbone), _poolings(job), str(decoder.cache_dir)]
            passes.setdefault(json.dumps([job.recordings.name, *used]), job)
    return passes


def _poolings(job: Job) -> list[str]:
    found = job.recipe.decoder
    if isinstance(found, LayerSearchCV) and found.poolings is not None:
        return list(found.poolings)
    return [job.decoder.pooling]


def _pictures(
    recordings: Recordings, subject: str, level: int
) -> tuple[str, list[Any]]:
    with use_log_level(level):
        metadata = recordings.load(subject, "train").metadata
    return recordings.name, metadata["image"].unique().tolist()


def _extract(
    decoder: ShallowAlignDecoder,
    poolings: Sequence[str],
    pictures: list[str],
    image_root: Path | None,
    level: int,
) -> None:
    with use_log_level(level):
        decoder = clone(decoder)
        decoder.backbone_ = decoder._load_backbone()
        decoder.set_params(image_root=decoder.image_root or image_root)
        for pooling in poolings:
            decoder.set_params(pooling=pooling)
            # the pass for one layer leaves every layer in the cache
            decoder._read_training_images(pictures, 1, decoder.device)

"""What there is to fit: every recipe, subject and seed, each with a stable name."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from ..decoder import ShallowAlignDecoder
from ..search import LayerSearchCV
from ._fingerprint import say
from ._recipe import Recipe
from ._recordings import Recordings

if TYPE_CHECKING:
    from pandas import DataFrame

    from ._protocols import Protocol

SELECTIONS = ("train", "test")


@dataclass(frozen=True)
class Case:
    """Who is tested, and whose trials are learned from.

    Parameters
    ----------
    subject : str
        Who is tested.
    train_subjects : tuple of str
        Whose training trials are learned from.
    minutes : float | None
        How much of the subject's own training recording there is to adapt to.
    """

    subject: str
    train_subjects: tuple[str, ...]
    minutes: float | None = None


@dataclass(frozen=True)
class Job:
    """One fit, with all that it takes.

    Parameters
    ----------
    id : str
        The same for the same fit, in whatever process.
    protocol : Protocol
        The protocol.
    recipe : Recipe
        What is fitted.
    recordings : Recordings
        What it is fitted on.
    case : Case
        Who is tested, and whose trials are learned from.
    seed : int
        The seed of everything random.
    selection : str
        ``"train"`` or ``"test"``.
    settings : str
        The same for the same recipe and the same details of the recordings.
    """

    id: str
    protocol: Protocol
    recipe: Recipe
    recordings: Recordings
    case: Case
    seed: int
    selection: str
    settings: str

    @property
    def decoder(self) -> ShallowAlignDecoder:
        """The decoder of the recipe, or the one that its search is over."""
        return inner_decoder(self.recipe)

    @property
    def columns(self) -> dict[str, Any]:
        """What tells this fit from others, as columns of a table."""
        return {
            "id": self.id,
            "dataset": self.recordings.name,
            "protocol": self.protocol.name,
            "recipe": self.recipe.name,
            "settings": self.settings,
            "subject": self.case.subject,
            "minutes": self.case.minutes,
            "seed": self.seed,
            "selection": self.selection,
        }


def make_plan(
    protocol: Protocol,
    recipes: Any,
    recordings: Recordings | Sequence[Recordings],
    seeds: int | Sequence[int],
    selection: str,
) -> list[Job]:
    """List all fits.

    Parameters
    ----------
    protocol : Protocol
        The protocol.
    recipes : Recipe | estimator | list of these | dict of str to these
        What is fitted.
    recordings : Recordings | list of Recordings
        What is fitted on.
    seeds : int | sequence of int
        How many, or which.
    selection : str
        ``"train"`` or ``"test"``.

    Returns
    -------
    jobs : list of Job
        By dataset, recipe, subject, minutes and seed.

    Raises
    ------
    TypeError
        If there is something that cannot be fitted.
    ValueError
        If a parameter is wrong.
    """
    if selection not in SELECTIONS:
        raise ValueError(f"selection must be one of {SELECTIONS}, got {selection!r}.")
    datasets = [recordings] if isinstance(recordings, Recordings) else list(recordings)
    if not datasets:
        raise ValueError("recordings must be at least one dataset, got none.")
    prepared = as_recipes(recipes)
    said = [
        [recipe.name, say(recipe.picks), say(recipe.decoder)] for recipe in prepared
    ]
    for recipe in prepared:
        _check_adaptable(recipe, protocol)
    return [
        Job(
            _job_id(protocol, settings, dataset.name, case, seed, selection),
            protocol,
            recipe,
            dataset,
            case,
            seed,
            selection,
            settings,
        )
        for dataset in datasets
        for recipe, known in zip(prepared, said, strict=True)
        for settings in [_digest([*known, dataset.details])]
        for case in protocol.cases(dataset)
        for seed in _as_seeds(seeds)
    ]


def tabulate_plan(jobs: Sequence[Job]) -> DataFrame:
    """Put a plan into a table.

    Parameters
    ----------
    jobs : sequence of Job
        The fits.

    Returns
    -------
    plan : DataFrame
        One row per fit.
    """
    import pandas as pd

    return pd.DataFrame([job.columns | _details(job) for job in jobs])


def as_recipes(recipes: Any) -> list[Recipe]:
    """Bring what is to be fitted to recipes.

    Parameters
    ----------
    recipes : Recipe | estimator | list of these | dict of str to these
        What the user gave.

    Returns
    -------
    recipes : list of Recipe
        With names that differ.

    Raises
    ------
    TypeError
        If one is neither a recipe nor a decoder or search.
    ValueError
        If there is none, or names are not unique.
    """
    if isinstance(recipes, Mapping):
        made = [
            dataclasses.replace(_as_recipe(recipe), name=str(name))
            for name, recipe in recipes.items()
        ]
    else:
        single = isinstance(recipes, (Recipe, BaseEstimator))
        made = [_as_recipe(one) for one in ([recipes] if single else recipes)]
    names = [recipe.name for recipe in made]
    if not names or len(set(names)) < len(names):
        raise ValueError(
            f"recipes must be at least one, with names that differ; got {names}. A "
            "dict gives them names."
        )
    return made


def _as_recipe(recipe: Any) -> Recipe:
    if isinstance(recipe, Recipe):
        return recipe
    return Recipe(name=type(recipe).__name__, decoder=recipe)


def inner_decoder(recipe: Recipe) -> ShallowAlignDecoder:
    """Find the decoder of a recipe, or the one that its search is over.

    Parameters
    ----------
    recipe : Recipe
        The recipe.

    Returns
    -------
    decoder : ShallowAlignDecoder
        Not fitted.
    """
    found = recipe.decoder
    return found.decoder if isinstance(found, LayerSearchCV) else found


def _check_adaptable(recipe: Recipe, protocol: Protocol) -> None:
    decoder = inner_decoder(recipe)
    if protocol.name == "few-shot" and decoder.solver == "ridge":
        raise ValueError(
            f"The recipe {recipe.name!r} has solver='ridge', a closed form that cannot "
            "be adapted to a few minutes. Use solver='contrastive', perhaps with "
            "init='ridge', or LeaveOneSubjectOut."
        )


def _as_seeds(seeds: int | Sequence[int]) -> list[int]:
    found = list(range(seeds) if isinstance(seeds, int) else seeds)
    if not found or len(set(found)) < len(found):
        raise ValueError(
            "seeds must be a number of at least 1, or seeds that differ; got "
            f"{seeds!r}."
        )
    return [int(seed) for seed in found]


def _job_id(
    protocol: Protocol,
    settings: str,
    dataset: str,
    case: Case,
    seed: int,
    selection: str,
) -> str:
    params = dataclasses.asdict(protocol)
    params.pop("minutes", None)  # those of the case are meant, not all of them
    said = [protocol.name, params, dataclasses.asdict(case)]
    return _digest([*said, settings, dataset, seed, selection])


def _digest(said: list[Any]) -> str:
    text = json.dumps(said, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _details(job: Job) -> dict[str, Any]:
    """Say what a user may want to group by before anything is fitted."""
    found, decoder = job.recipe.decoder, job.decoder
    is_search = isinstance(found, LayerSearchCV)
    layers = decoder.layer if not is_search else found.layers
    backbone = decoder.backbone
    return {
        "backbone": getattr(backbone, "name", str(backbone)),
        "layer": "search" if is_search and layers is None else str(layers),
        "pooling": decoder.pooling,
        "encoder": "ridge" if decoder.solver == "ridge" else say(decoder.encoder),
        "n_train_subjects": len(job.case.train_subjects),
    }

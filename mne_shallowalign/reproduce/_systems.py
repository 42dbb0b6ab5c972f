"""What is fitted: recipes, brought to the vision models of a setting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn.base import clone

from .. import recipes
from ..protocols import Recipe
from ..search import LayerSearchCV
from ._runs import BEST, Layer, System
from ._setting import Model, Setting

_WITHOUT_TEXT = ("atm", "neural_mcrl")  # no stand-in has a text tower


def align(
    setting: Setting, model: Model, layer: Layer, words: str = "", **params: Any
) -> System:
    """Align with a layer of a model, as the paper does.

    Parameters
    ----------
    setting : Setting
        What it is fitted with.
    model : Model
        The vision model.
    layer : int | ``"final"`` | ``"best"``
        ``"best"`` is found by a search over evenly spaced layers on training concepts
        or, if the setting says so, on the test set.
    words : str
        What tells it from others in its name.
    **params
        Parameters of the decoder that are not the paper's.

    Returns
    -------
    system : System
        With the labels ``model``, ``alias``, ``method`` (the model) and ``place`` (the
        layer that was asked for).
    """
    asked: Any = "search" if layer == BEST else layer
    recipe = recipes.shallow_alignment(model.alias, asked)
    place = f"layer {layer}" if isinstance(layer, int) else f"{layer} layer"
    name = ", ".join(filter(None, [model.label, place, words]))
    labels = {
        "model": model.label,
        "method": model.label,
        "alias": model.alias,
        "place": str(layer),
    }
    return System(recipe=_adapt(recipe, setting, model, name, params), labels=labels)


def sweep(setting: Setting, model: Model) -> list[System]:
    """Align with evenly spaced layers of a model, and with its final output.

    Parameters
    ----------
    setting : Setting
        What they are fitted with.
    model : Model
        The vision model.

    Returns
    -------
    systems : list of System
        From shallow to deep; the final output is last.
    """
    layers: list[Layer] = [*setting.layers(model), "final"]
    return [align(setting, model, layer) for layer in layers]


def published_system(setting: Setting, name: str, kind: str, dataset: str) -> System:
    """Take a published system to a setting.

    Parameters
    ----------
    setting : Setting
        What it is fitted with; if simulated, a stand-in takes the place of its vision
        model.
    name : str
        The function of :mod:`mne_shallowalign.recipes` that makes it.
    kind : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : str
        The dataset that it was published for.

    Returns
    -------
    system : System
        With the label ``method``.
    """
    options: dict[str, Any] = {"setting": kind, "dataset": dataset}
    is_simulated = setting.recordings.is_simulated
    if is_simulated and name in _WITHOUT_TEXT:
        options["captions"] = False
    recipe = getattr(recipes, name)(**options)
    method = recipe.name.partition(" (")[0]
    model = setting.main if is_simulated else None
    if is_simulated:
        method += f", {setting.main.label}"
    return System(
        recipe=_adapt(recipe, setting, model, recipe.name, {}),
        labels={"method": method},
    )


def _adapt(
    recipe: Recipe,
    setting: Setting,
    model: Model | None,
    name: str,
    params: dict[str, Any],
) -> Recipe:
    found = clone(recipe.decoder)
    is_search = isinstance(found, LayerSearchCV)
    if model is not None:
        params = {"backbone": model.backbone, **params}
        if is_search:
            found.set_params(layers=setting.layers(model))
    decoder = found.decoder if is_search else found
    decoder.set_params(**{**setting.params, **params})
    return replace(recipe, name=name, decoder=found)

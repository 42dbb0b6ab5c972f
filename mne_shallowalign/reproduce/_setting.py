"""What a table or figure is reproduced with: people, vision models, seeds, rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..backbones import Backbone, load_backbone
from ..protocols import Recordings
from ..recipes import shallow_alignment

if TYPE_CHECKING:
    from pandas import DataFrame

# As the paper writes them, in the order of its Table 4.
PAPER_NAMES = {
    "rn50": "RN50",
    "rn101": "RN101",
    "vit-b-16": "ViT-B-16",
    "vit-h-14": "ViT-H-14",
    "dinov2-giant": "DINOv2",
    "vit-bigg-14": "ViT-bigG-14",
    "eva02-e-14-plus": "EVA-02",
    "internvit-6b": "InternViT",
}


@dataclass(frozen=True, kw_only=True)
class Model:
    """A vision model, and which of the paper's it is or stands in for.

    Parameters
    ----------
    label : str
        What tables and figures call it.
    alias : str
        The model of the paper whose published numbers stand beside it.
    backbone : str | Backbone
        What features are taken from.
    """

    label: str
    alias: str
    backbone: str | Backbone

    @property
    def description(self) -> Backbone:
        """Its frozen description; no weights are loaded."""
        return load_backbone(self.backbone)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What tables and figures are reproduced with.

    Parameters
    ----------
    recordings : Recordings
        The dataset.
    models : tuple of Model
        The vision models, in the order in which they are shown. The last one is that of
        the figures of a single model, which in the paper is InternViT.
    seeds : int
        How many seeds. Default 5, as in the paper.
    selection : ``"train"`` | ``"test"``
        ``"train"`` (default) chooses layers on training concepts; ``"test"`` is the
        published habit, and everything that comes out says so.
    n_layers : int
        How many evenly spaced layers of a model are tried. Default 10, as in the paper.
    params : mapping
        Parameters of every decoder that are not the paper's.
    """

    recordings: Recordings
    models: tuple[Model, ...]
    seeds: int = 5
    selection: str = "train"
    n_layers: int = 10
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> Model:
        """The model of the figures of a single model."""
        return self.models[-1]

    @property
    def file_suffix(self) -> str:
        """What the names of files end with, so that no habit replaces honest ones."""
        return "-test-selected" if self.selection == "test" else ""

    def person(self, number: int) -> str:
        """Find who stands for a subject of the paper.

        Parameters
        ----------
        number : int
            The subject's number in the paper, 7 or 10.

        Returns
        -------
        subject : str
            That subject, if the dataset has it; else its first for 7, its last for 10.
        """
        label, subjects = f"{number:02d}", self.recordings.subjects
        return label if label in subjects else subjects[0 if number == 7 else -1]

    def layers(self, model: Model) -> list[int]:
        """Choose the layers of a model that are tried.

        Parameters
        ----------
        model : Model
            The model.

        Returns
        -------
        layers : list of int
            Counted from 1: those of the paper where it names them, else evenly spaced,
            the first and the last among them.
        """
        named = shallow_alignment(model.alias).decoder.layers
        if named is not None and model.backbone == model.alias:
            return list(named)
        n = len(model.description.layers)
        spaced = np.linspace(1, n, min(self.n_layers, n)).round().astype(int)
        return np.unique(spaced).tolist()

    def note(self, results: DataFrame) -> str:
        """Say what has to stand below every table and figure.

        Parameters
        ----------
        results : DataFrame
            One row a fit.

        Returns
        -------
        note : str
            Dataset, sample sizes and rule of selection.
        """
        found = self.recordings
        n_people, n_seeds = results["subject"].nunique(), results["seed"].nunique()
        words = [
            "simulated recordings, stand-ins for the vision models"
            if found.is_simulated
            else found.name,
            f"{n_people} {'people' if n_people > 1 else 'person'}",
            f"{n_seeds} seed{'s' * (n_seeds > 1)}",
            "test-selected: layers and epochs chosen by their score on the test set"
            if self.selection == "test"
            else "nothing chosen by the score on the test set",
        ]
        return "; ".join(words)


def paper_setting(
    recordings: Recordings,
    *,
    backbones: Sequence[str] | None = None,
    seeds: int = 5,
    selection: str = "train",
    params: Mapping[str, Any] | None = None,
) -> Setting:
    """Take the paper's vision models and parameters to a dataset.

    Parameters
    ----------
    recordings : Recordings
        The dataset, such as that of
        :func:`~mne_shallowalign.protocols.things_eeg2_recordings`.
    backbones : sequence of str | None
        Short names of vision models of the paper. None (default): all eight.
    seeds : int
        How many seeds. Default 5, as in the paper.
    selection : ``"train"`` | ``"test"``
        ``"train"`` (default) chooses layers on training concepts; ``"test"`` is the
        published habit.
    params : mapping | None
        Parameters of every decoder that are not the paper's, such as ``{"device":
        "cuda"}``.

    Returns
    -------
    setting : Setting
        The setting. Weights are downloaded when a fit needs them.

    Raises
    ------
    ValueError
        If a backbone is not one of the paper's.
    """
    wanted = list(PAPER_NAMES if backbones is None else backbones)
    unknown = [alias for alias in wanted if alias not in PAPER_NAMES]
    if unknown or not wanted:
        raise ValueError(
            f"backbones must be among {', '.join(PAPER_NAMES)}, the paper's; got "
            f"{wanted}."
        )
    models = [
        Model(label=label, alias=alias, backbone=alias)
        for alias, label in PAPER_NAMES.items()
        if alias in wanted
    ]
    return Setting(
        recordings=recordings,
        models=tuple(models),
        seeds=seeds,
        selection=selection,
        params=params or {},
    )

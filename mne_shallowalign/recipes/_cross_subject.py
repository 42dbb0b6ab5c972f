"""A preset for people who were not in training."""

from __future__ import annotations

from ..alignment import SubjectMixup
from ..backbones._paper import PAPER
from ..decoder import ShallowAlignDecoder
from ..features._gallery import Layer
from ..protocols import Recipe
from ._published import published
from ._setting import EEG, check_setting, protocol_of


def cross_subject(
    backbone: str = "internvit-6b",
    layer: Layer = "auto",
    *,
    setting: str = "inter",
    dataset: str = EEG,
) -> Recipe:
    """All channels, TSConv, a narrow space, and mixtures of subjects.

    What `Neurobridge_ssl <https://github.com/ViktorHug0/Neurobridge_ssl>`__ found to
    help between subjects: 64 dimensions, trials of one picture by several people as
    positives, and :class:`~mne_shallowalign.alignment.SubjectMixup`; the loss is
    ``"lineage"``, the learning rate 3e-4.

    Parameters
    ----------
    backbone : str
        The vision model. Default ``"internvit-6b"``.
    layer : ``"auto"`` | ``"published"`` | str | int | float
        ``"auto"`` (default) takes the layer by which held-out training images are
        retrieved best in closed form. ``"published"`` is the paper's best layer of a
        backbone of its, which **was chosen on the test set**. Anything else is the
        decoder's ``layer``.
    setting : ``"inter"``
        Leaving one person out.
    dataset : ``"things-eeg2"``
        The dataset.

    Returns
    -------
    recipe : Recipe
        The published number is the best that is reported, test-selected.

    Raises
    ------
    ValueError
        If it is not between subjects, or there is no published layer.
    """
    check_setting("The cross-subject preset", setting, dataset)
    if setting != "inter":
        raise ValueError(f"setting must be 'inter' for cross_subject, got {setting!r}.")
    if layer == "published":
        best = {row.alias: row.best_layer for row in PAPER}
        if backbone not in best:
            raise ValueError(
                f"The paper has no layer of backbone={backbone!r}, only of "
                f"{', '.join(best)}. Use layer='auto'."
            )
        layer = best[backbone]
    return Recipe(
        name="Cross-subject preset",
        decoder=ShallowAlignDecoder(
            backbone,
            layer,
            encoder="tsconv",
            encoder_params={"n_outputs": 64},
            n_components=64,
            loss="lineage",
            lr=3e-4,
            augment=SubjectMixup(),
        ),
        protocol=protocol_of(setting),
        picks="data",
        citation="ViktorHug0, Neurobridge_ssl (2026), software",
        published=published("cross_subject"),
        selection="an option of its scripts chooses on the test set; layer 28 from the "
        "paper's test set",
        departures=[
            "The layer is chosen on training data by default.",
            "Batches are drawn at random; its own hold nine people per picture.",
            "Its 8-bit features are of the 29th block; ours are of the layer named.",
        ],
    )

"""SAMGA: five layers, weighed."""

from __future__ import annotations

from ..alignment import TemporalSmoothing
from ..decoder import ShallowAlignDecoder
from ..protocols import Recipe
from ._published import published
from ._router import CoarseToFine, RouterLoss, layer_prior
from ._setting import EEG, check_setting, protocol_of

LAYERS = [20, 24, 28, 32, 36]
PRIORS = ("published", "held-out")


def samga(
    *, setting: str = "intra", dataset: str = EEG, prior: str = "published"
) -> Recipe:
    """SAMGA: five layers of InternViT by a router.

    After :footcite:t:`Jiang2026`.

    See :class:`~mne_shallowalign.recipes.RouterLoss` for the objective and
    :class:`~mne_shallowalign.recipes.CoarseToFine` for its two stages. Between
    subjects: TSConv on all channels, and a router that leans with the subject in
    training.

    Parameters
    ----------
    setting : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : ``"things-eeg2"``
        The dataset.
    prior : ``"published"`` | ``"held-out"``
        What the router starts from. The published one is centred on layer 28, which
        :footcite:t:`Du2026` found **on the same test set**: a leak at second hand.
        ``"held-out"`` starts from what held-out training images say, in closed form;
        the five layers still are the published ones.

    Returns
    -------
    recipe : Recipe
        The published numbers are those of the article, and re-runs at a fixed epoch.

    Raises
    ------
    ValueError
        If it was not published for that.

    References
    ----------
    .. footbibliography::
    """
    check_setting("SAMGA", setting, dataset)
    if prior not in PRIORS:
        raise ValueError(f"prior must be one of {PRIORS}, got {prior!r}.")
    is_intra = setting == "intra"
    logits = layer_prior(LAYERS) if prior == "published" else None
    starts = [] if logits else ["The router starts from held-out training images."]
    return Recipe(
        name=f"SAMGA ({prior} prior)",
        decoder=ShallowAlignDecoder(
            "internvit-6b",
            list(LAYERS),
            fusion="learned",
            fusion_params={"entropy_weight": 0.0, "subject_bias": not is_intra},
            encoder="eegproject" if is_intra else "tsconv",
            encoder_params={"n_outputs": 1024},
            loss=RouterLoss,
            batch_size=512 if is_intra else 1024,
            max_epochs=60 if is_intra else 50,
            augment=TemporalSmoothing(5, 0.3, frozen=True),
            net_params={"callbacks": [("stages", CoarseToFine(logits))]},
        ),
        protocol=protocol_of(setting),
        picks="occipito-parietal" if is_intra else "data",
        citation="Jiang et al. (2026), Subject-Aware Multi-Granularity Alignment, "
        "arXiv:2604.17782v1",
        published=published("samga", "samga/final-epoch"),
        selection="best epoch and early stopping by top-1 on the test set; the router "
        "is centred on a layer that was found on the test set",
        departures=[
            "The final epoch counts; nothing stops early.",
            "Every layer is standardised over the training images.",
            "Presentations of one picture are never negatives.",
            "The bias of a subject is never dropped in training (it is for 30 % of the "
            "trials in the code).",
            "Weights are InternViT-6B V2.5 and pooling the mean over patches; the "
            "article does not say which they are.",
            *starts,
        ],
    )

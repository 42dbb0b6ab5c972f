"""NeuroBridge: degraded views of a picture, averaged."""

from __future__ import annotations

from ..alignment import TemporalSmoothing
from ..decoder import ShallowAlignDecoder
from ..protocols import Recipe
from ._published import published
from ._setting import EEG, MEG, check_setting, protocol_of

PRIORS = ["blur-15", "noise-25", "low-resolution-0.1", "mosaic-5"]


def neurobridge(*, setting: str = "intra", dataset: str = EEG) -> Recipe:
    """NeuroBridge: cognitive priors and a shared space.

    After :footcite:t:`Zhang2025`.

    The target is the mean over a blurred, a noisy, a coarse and a mosaic view of the
    picture in the output of CLIP ResNet-50, for training and for candidates; channels
    are smoothed at random, once. Linear projectors into 512 dimensions, and the loss
    ``"lineage"``. Between subjects, and for MEG: TSConv on all channels.

    Parameters
    ----------
    setting : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : ``"things-eeg2"`` | ``"things-meg"``
        The dataset.

    Returns
    -------
    recipe : Recipe
        The published numbers are those of Tables 1 and 2 of :footcite:t:`Du2026`.

    Raises
    ------
    ValueError
        If it was not published for that.

    References
    ----------
    .. footbibliography::
    """
    check_setting("NeuroBridge", setting, dataset, (EEG, MEG))
    is_flat = setting == "intra" and dataset == EEG  # all else is too wide for it
    return Recipe(
        name="NeuroBridge",
        decoder=ShallowAlignDecoder(
            "rn50",
            "final",
            views=list(PRIORS),
            encoder="eegproject" if is_flat else "tsconv",
            loss="lineage",
            image_scaling=False,
            augment=TemporalSmoothing(5, 0.3, frozen=True),
        ),
        protocol=protocol_of(setting),
        picks="occipito-parietal" if is_flat else "data",
        citation="Zhang et al. (2025), NeuroBridge, arXiv:2511.06836",
        published=published("neurobridge"),
        selection="last epoch, and the one with the least loss on the test set, are "
        "both written out",
        departures=[
            "The final epoch counts.",
            "Test signals are not smoothed.",
            "No batch is dropped.",
            "Presentations of one picture are never negatives.",
        ],
    )

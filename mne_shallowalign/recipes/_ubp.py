"""UBP: the uncertainty-aware blur prior."""

from __future__ import annotations

from ..decoder import ShallowAlignDecoder
from ..protocols import Recipe
from ._blur import BlurPriorLoss
from ._published import published
from ._setting import EEG, MEG, check_setting, protocol_of

BLURS = ["fovea-45", "fovea-51", "fovea-57"]


def ubp(*, setting: str = "intra", dataset: str = EEG) -> Recipe:
    """UBP: pictures as blurred as the brain sees them.

    After :footcite:t:`Wu2025`.

    EEGProject at the width of the output of CLIP ResNet-50, without projectors, aligned
    with a foveated view whose blur depends on the trial, see
    :class:`~mne_shallowalign.recipes.BlurPriorLoss`; softplus scale, learnt.

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
    check_setting("UBP", setting, dataset, (EEG, MEG))
    return Recipe(
        name="UBP",
        decoder=ShallowAlignDecoder(
            "rn50",
            "final",
            views=list(BLURS),
            fusion="separate",
            encoder="eegproject",
            projector=None,
            loss=BlurPriorLoss,
            learn_temperature=True,
            image_scaling=False,
            lr=1e-4 if setting == "intra" else 1e-5,
        ),
        protocol=protocol_of(setting),
        picks="occipito-parietal" if dataset == EEG else "data",
        citation="Wu et al. (2025), Bridging the Vision-Brain Gap with an "
        "Uncertainty-Aware Blur Prior, CVPR",
        published=published("ubp"),
        selection="within: early stopping on the training loss; between: on top-1 with "
        "the test pictures, seen by the training subjects",
        departures=[
            "The final epoch counts; nothing stops early.",
            "Kernels of 45, 51 and 57 pixels, as the text means; in the code the shift "
            "accumulates, and they are 45, 45 and 51.",
            "Presentations of one picture are never negatives.",
        ],
    )

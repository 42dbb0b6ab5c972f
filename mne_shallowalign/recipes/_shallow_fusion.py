"""Ours: layers of all depths, weighed on training concepts."""

from __future__ import annotations

from ..alignment import SubjectMixup, WeightAveraging
from ..decoder import ShallowAlignDecoder
from ..protocols import Recipe
from ._published import published
from ._setting import EEG, MEG, check_setting, protocol_of

N_DEPTHS = 10


def shallow_fusion(
    backbone: str = "internvit-6b", *, setting: str = "intra", dataset: str = EEG
) -> Recipe:
    """Shallow Alignment with ten layers, none of which was chosen on a test set.

    Ten layers from the first to the last, evenly spaced, are projected, weighed by a
    gate that starts from what held-out training images say in closed form, and added
    up; the weights of the net are averaged over the last steps. In simulations, a
    mixture was retrieved better than by the best single layer, and a single layer a
    little worse (:doc:`/benchmarks`). Between subjects: TSConv on all channels, and
    :class:`~mne_shallowalign.alignment.SubjectMixup`.

    Parameters
    ----------
    backbone : str
        The vision model. Default ``"internvit-6b"``.
    setting : ``"intra"`` | ``"inter"``
        Within a person, or leaving one out.
    dataset : ``"things-eeg2"`` | ``"things-meg"``
        The dataset.

    Returns
    -------
    recipe : Recipe
        Nothing was published.

    Raises
    ------
    ValueError
        If there is no such setting.
    """
    check_setting("Shallow fusion", setting, dataset, (EEG, MEG))
    is_intra = setting == "intra"
    return Recipe(
        name="Shallow fusion",
        decoder=ShallowAlignDecoder(
            backbone,
            [step / (N_DEPTHS - 1) for step in range(N_DEPTHS)],
            fusion="learned",
            encoder="eegproject" if is_intra else "tsconv",
            augment=None if is_intra else SubjectMixup(),
            net_params={"callbacks": [("average", WeightAveraging())]},
        ),
        protocol=protocol_of(setting),
        picks="occipito-parietal" if is_intra else "data",
        citation="mne-shallowalign",
        published=published("shallow_fusion"),
        selection="nothing is chosen on test data; weights of layers by training "
        "concepts, final epoch",
    )

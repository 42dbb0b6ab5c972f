"""scikit-learn's own checks, every one of them."""

import pytest
from sklearn.model_selection import KFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from mne_shallowalign import LayerSearchCV, ShallowAlignDecoder

DECODERS = [
    ShallowAlignDecoder(max_epochs=2, n_components=4),
    ShallowAlignDecoder(max_epochs=2, projector=None, loss="lineage"),
    ShallowAlignDecoder(solver="ridge"),
    ShallowAlignDecoder(max_epochs=2, n_components=4, layer="auto", fusion="learned"),
    # the checks have two or three "images", of which no group can be held out
    LayerSearchCV(
        ShallowAlignDecoder(max_epochs=2, n_components=4, random_state=0),
        cv=KFold(2, shuffle=True, random_state=0),
    ),
]


@pytest.mark.filterwarnings("ignore:In .* held-out trials, the image was in training")
@parametrize_with_checks(
    DECODERS, expected_failed_checks=lambda estimator: {}, xfail_strict=True
)
def test_sklearn_checks(estimator, check):
    """No check fails, and none is excused."""
    check(estimator)

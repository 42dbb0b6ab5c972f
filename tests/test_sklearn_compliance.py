"""scikit-learn's own checks, every one of them."""

import pytest
from sklearn.exceptions import SkipTestWarning
from sklearn.model_selection import KFold
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from mne_shallowalign import LayerExtractor, LayerSearchCV, ShallowAlignDecoder

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


def test_checks_of_a_transformer_of_pictures():
    """scikit-learn runs what needs no table of numbers; features' tests do the rest."""
    with pytest.warns(SkipTestWarning, match="requires input"):
        results = check_estimator(LayerExtractor("gabor/v1"), on_fail="raise")
    assert results
    assert {result["status"] for result in results} == {"passed"}


@pytest.mark.parametrize(
    "check",
    [
        estimator_checks.check_estimator_repr,
        estimator_checks.check_get_params_invariance,
        estimator_checks.check_no_attributes_set_in_init,
        estimator_checks.check_parameters_default_constructible,
        estimator_checks.check_set_params,
    ],
)
def test_parameters_of_a_transformer_of_pictures(check):
    """Checks that scikit-learn leaves out, although they need no data."""
    check("LayerExtractor", LayerExtractor("gabor/v1", cache_dir=False))

"""scikit-learn's own checks, every one of them."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from mne_shallowalign import ShallowAlignDecoder

DECODERS = [
    ShallowAlignDecoder(max_epochs=2, n_components=4),
    ShallowAlignDecoder(max_epochs=2, projector=None, loss="lineage"),
    ShallowAlignDecoder(solver="ridge"),
    ShallowAlignDecoder(max_epochs=2, n_components=4, layer="auto", fusion="learned"),
]


@parametrize_with_checks(
    DECODERS, expected_failed_checks=lambda estimator: {}, xfail_strict=True
)
def test_sklearn_checks(estimator, check):
    """No check fails, and none is excused."""
    check(estimator)

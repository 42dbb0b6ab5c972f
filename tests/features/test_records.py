"""Features as records, and back."""

import numpy as np
import pytest
from sklearn.utils import check_X_y

from mne_shallowalign import ShallowAlignDecoder
from mne_shallowalign.features import pack_features
from mne_shallowalign.features._records import unpack_features


@pytest.mark.parametrize("shape", [(7, 3), (7, 2, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_packed_is_unpacked(shape, dtype):
    features = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    records = pack_features(features)
    assert records.shape == (7,)
    back = unpack_features(records[::2])
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, features[::2])


def test_what_is_no_record_is_left_alone():
    paths, array = ["a.png"], np.zeros((2, 3))
    assert unpack_features(paths) is paths
    assert unpack_features(array) is array
    other = np.zeros(2, dtype=[("x", float), ("y", float)])
    assert unpack_features(other) is other


def test_decoders_and_scikit_learn_take_them():
    rng = np.random.default_rng(0)
    X, features = rng.standard_normal((40, 5)), rng.standard_normal((40, 3))
    records = pack_features(features)
    _, y = check_X_y(X, records)  # which MNE's search-lights go through
    decoder = ShallowAlignDecoder(solver="ridge", alpha=1.0, device="cpu")
    found = decoder.fit(X, y).ranks(X, y)
    np.testing.assert_array_equal(found, decoder.fit(X, features).ranks(X, features))


def test_one_number_per_image_needs_no_packing():
    with pytest.raises(ValueError, match=r"shape \(3,\); expected \(n, n_features\)"):
        pack_features([1.0, 2.0, 3.0])

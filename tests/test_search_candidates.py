"""Which layers a search compares."""

import numpy as np
import pandas as pd
import pytest

from mne_shallowalign import ShallowAlignDecoder, load_backbone
from mne_shallowalign._search_candidates import N_LAYERS, layers_to_compare


@pytest.fixture
def of_features():
    decoder = ShallowAlignDecoder()
    decoder.backbone_ = None
    return decoder


def test_ten_of_many_and_all_of_few(of_features):
    found, depths = layers_to_compare(None, of_features, np.zeros((2, 28, 3)))
    assert len(found) == N_LAYERS
    assert (found[0], found[-1]) == (1, 28)
    assert set(np.diff(found)) == {3}
    assert list(depths) == found
    assert list(depths.values()) == pytest.approx(np.linspace(0, 1, N_LAYERS))
    assert layers_to_compare(None, of_features, np.zeros((2, 4, 3)))[0] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "asked",
    [
        [3, 1],
        (3, 1, 1),
        np.array([1, 3]),
        pd.Series(["features[:, 2]", "features[:, 0]"]),
    ],
)
def test_in_any_order_and_container(of_features, asked):
    found, depths = layers_to_compare(asked, of_features, np.zeros((2, 5, 3)))
    assert found == [1, 3]
    assert depths == {1: 0.0, 3: 0.5}


def test_layers_of_a_backbone_by_any_name():
    decoder = ShallowAlignDecoder("gabor/v1")
    decoder.backbone_ = backbone = load_backbone("gabor/v1")
    found, depths = layers_to_compare(["final", 0.0, 6, 1], decoder, ["a.png"])
    assert found == [backbone.layers[0], backbone.layers[5], "final"]
    assert depths[found[0]] == 0
    assert np.isnan(depths["final"])

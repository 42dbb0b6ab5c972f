"""The preset for new people."""

import mne
import pytest

from mne_shallowalign.recipes import cross_subject


def test_above_chance_for_somebody_new(small, seen, split):
    decoder = small(
        cross_subject(),
        layer=2,
        max_epochs=15,
        encoder_params={"n_outputs": 64, "kernel_size": 9, "pool_size": 15},
    )
    train, test = split
    people = [seen.epochs(train, f"{n:02d}", seed=n) for n in range(3)]
    epochs = mne.concatenate_epochs(people, verbose="error")
    y = seen.layers[[*train, *train, *train]]
    decoder.fit(epochs, y)
    new = seen.epochs(test, "09", seed=9)
    assert decoder.score(new, seen.layers[test]) > 0.15


def test_layers():
    assert cross_subject().decoder.layer == "auto"
    assert cross_subject(layer="published").decoder.layer == 28
    with pytest.raises(ValueError, match="no layer of backbone='gabor/v1'"):
        cross_subject("gabor/v1", "published")


def test_within_a_person_it_is_refused():
    with pytest.raises(ValueError, match="setting must be 'inter'"):
        cross_subject(setting="intra")

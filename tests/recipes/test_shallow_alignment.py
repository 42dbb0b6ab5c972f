"""The paper's own system."""

import numpy as np
import pytest
import torch
from objectives import cross_entropies, unit

from mne_shallowalign import LayerSearchCV, list_backbones
from mne_shallowalign.recipes import shallow_alignment


def test_objective(small, seen, split):
    """Equation 3: cosine of two projections, divided by the temperature."""
    decoder = small(shallow_alignment(layer="published"), max_epochs=1, n_components=8)
    decoder.fit(seen.epochs(split[0]), seen.final[split[0]])
    rng = np.random.default_rng(0)
    signals, images = rng.standard_normal((9, 8)), rng.standard_normal((9, 24))
    criterion = decoder.net_.criterion_.double()
    linear = criterion.projector
    projected = images @ linear.weight.detach().numpy().T
    projected += linear.bias.detach().numpy()
    scale = np.exp(criterion.log_scale.item())
    expected = cross_entropies(scale * unit(signals) @ unit(projected).T)
    got = criterion(torch.tensor(signals), (torch.tensor(images),))
    assert got.item() == pytest.approx(expected, rel=1e-5)
    assert criterion.log_scale.requires_grad


@pytest.mark.parametrize("backbone", list_backbones(paper=True).index)
def test_published_layers_and_numbers(backbone):
    row = list_backbones(paper=True).loc[backbone]
    for layer, top1 in (("published", row["top1"]), ("final", row["final_top1"])):
        recipe = shallow_alignment(backbone, layer)
        table = recipe.published.set_index(
            ["dataset", "protocol", "subject", "metric"]
        )["value"]
        mean = table["things-eeg2", "intra-subject", "mean", "top1"]
        assert mean == pytest.approx(top1 / 100)
    assert shallow_alignment(backbone, "published").decoder.layer == row["best_layer"]


def test_the_test_set_chooses_only_where_it_is_asked_to():
    searched = shallow_alignment()
    assert isinstance(searched.decoder, LayerSearchCV)
    assert searched.decoder.layers == [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 45]
    leaky = "The layer is the paper's, which was chosen on the test set."
    assert leaky not in searched.departures
    assert leaky in shallow_alignment(layer="published").departures


def test_search_is_above_chance(seen, split):
    search = shallow_alignment("rn50").decoder
    search.set_params(decoder__lr=2e-3, decoder__batch_size=40, cv=2)
    search.set_params(decoder__max_epochs=20, decoder__random_state=0)
    train, test = split
    search.fit(seen.epochs(train), seen.layers[train], groups=seen.concepts[train])
    assert search.score(seen.epochs(test, seed=1), seen.layers[test]) > 0.3
    assert search.best_layer_ in (1, 2)  # both hold what signals follow from


def test_only_the_papers_backbones():
    with pytest.raises(ValueError, match="one of the paper's, rn50"):
        shallow_alignment("resnet50")


def test_a_layer_of_ones_own_is_not_said_to_be_chosen_on_training_data():
    chosen = "The layer is chosen on training data; the paper's on the test set."
    for layer in ("search", "auto"):
        assert chosen in shallow_alignment("rn50", layer).departures
    for layer in (2, 0.5, "layer2"):
        (*_, last) = shallow_alignment("rn50", layer).departures
        assert last.startswith("The layer is yours")

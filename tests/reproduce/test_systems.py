from __future__ import annotations

import pytest

from mne_shallowalign import LayerSearchCV, recipes
from mne_shallowalign.protocols import Recordings
from mne_shallowalign.reproduce import paper_setting, plan, simulated_setting
from mne_shallowalign.reproduce._systems import align, published_system, sweep


@pytest.fixture
def paper():
    recordings = Recordings(name="things-eeg2", subjects=("01", "02"), load=print)
    return paper_setting(recordings, params={"device": "cpu"})


def test_with_the_papers_models_recipes_stay_what_they_are(paper):
    for asked, layer in [("search", "best"), ("final", "final"), (28, 28)]:
        recipe = recipes.shallow_alignment("internvit-6b", asked)
        found = align(paper, paper.main, layer).recipe
        theirs = getattr(recipe.decoder, "decoder", recipe.decoder)
        ours = getattr(found.decoder, "decoder", found.decoder)
        assert ours.get_params() == theirs.get_params() | {"device": "cpu"}
        layers = (getattr(one.decoder, "layers", None) for one in (found, recipe))
        assert len({str(one) for one in layers}) == 1
        assert found.picks == recipe.picks
        assert found.published is recipe.published or found.published.equals(
            recipe.published
        )


def test_names_tell_all_systems_apart(paper):
    models = [paper.models[0], paper.main]
    systems = [align(paper, one, place) for one in models for place in ("best", 3)]
    systems += [align(paper, paper.main, "best", "no projector", projector=None)]
    names = [system.recipe.name for system in systems]
    assert len(set(names)) == len(names)
    assert names[-1] == "InternViT, best layer, no projector"
    assert systems[-1].recipe.decoder.decoder.projector is None


def test_a_sweep_goes_from_shallow_to_deep_to_final(paper):
    vit = paper.models[2]
    layers = [system.recipe.decoder.layer for system in sweep(paper, vit)]
    assert layers == [*paper.layers(vit), "final"]


@pytest.mark.parametrize("name", ["nice", "atm", "neural_mcrl", "ubp", "neurobridge"])
def test_published_systems_keep_their_model_unless_simulated(paper, name):
    theirs = published_system(paper, name, "intra", "things-eeg2").recipe
    recipe = getattr(recipes, name)()
    assert theirs.decoder.backbone == recipe.decoder.backbone
    assert theirs.decoder.loss == recipe.decoder.loss
    setting = simulated_setting(None)
    system = published_system(setting, name, "intra", "things-eeg2")
    assert system.recipe.decoder.backbone == setting.main.backbone
    assert "stand-in" in system.labels["method"]


def test_searches_of_stand_ins_are_over_their_own_layers():
    setting = simulated_setting(None)
    recipe = align(setting, setting.main, "best").recipe
    assert isinstance(recipe.decoder, LayerSearchCV)
    assert recipe.decoder.layers == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["table1", "table5", "table6"])
def test_one_person_has_no_others_to_learn_from(name):
    alone = Recordings(name="things-eeg2", subjects=("08",), load=print)
    fits = plan(name, paper_setting(alone, backbones=["vit-b-16"], seeds=1))
    assert set(fits["protocol"]) == {"intra-subject"}

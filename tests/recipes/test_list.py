"""What recipes there are, and that all are whole."""

import pytest
from sklearn.base import clone

from mne_shallowalign import recipes
from mne_shallowalign.protocols import Recipe


@pytest.mark.parametrize("name", recipes.list_recipes())
def test_every_recipe_is_whole(name):
    make = getattr(recipes, name)
    recipe = make(setting="inter")
    assert isinstance(recipe, Recipe)
    assert recipe.citation
    assert recipe.selection
    assert (len(recipe.published) == 0) == (name == "shallow_fusion")
    assert set(recipe.published.columns) == {
        "dataset",
        "protocol",
        "subject",
        "metric",
        "value",
        "source",
    }
    assert recipe.published["value"].between(0, 1).all()
    decoder = clone(recipe.decoder)
    decoder._check_parameters()
    assert make(setting="inter").decoder is not recipe.decoder


def test_names_are_functions():
    listed = set(recipes.list_recipes())
    small = {name for name in recipes.__all__ if name.islower()}
    assert small == listed | {"list_recipes"}
    assert recipes.list_recipes("shallow*") == ["shallow_alignment", "shallow_fusion"]

"""What recipes there are."""

from __future__ import annotations

from fnmatch import fnmatchcase

RECIPES = (
    "atm",
    "cross_subject",
    "neural_mcrl",
    "neurobridge",
    "nice",
    "samga",
    "shallow_alignment",
    "shallow_fusion",
    "ubp",
)


def list_recipes(pattern: str = "*") -> list[str]:
    """List the functions of ``mne_shallowalign.recipes`` that return a recipe.

    Parameters
    ----------
    pattern : str
        A shell-style wildcard pattern. Default ``"*"``.

    Returns
    -------
    names : list of str
        The matching names.

    Examples
    --------
    >>> from mne_shallowalign.recipes import list_recipes
    >>> list_recipes("n*")
    ['neural_mcrl', 'neurobridge', 'nice']
    """
    return [name for name in RECIPES if fnmatchcase(name, pattern)]

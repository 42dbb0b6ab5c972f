from __future__ import annotations

import doctest
import importlib
import inspect
import operator
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import mne_shallowalign

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "doc" / "api.rst").read_text(encoding="utf-8")
LISTED = re.findall(r"^   ([a-zA-Z_][\w.]*)$", REFERENCE, flags=re.MULTILINE)
MODULES = pkgutil.walk_packages(mne_shallowalign.__path__, "mne_shallowalign.")
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def test_reference_lists_every_public_name():
    public = {}
    for name in mne_shallowalign.__all__:
        obj = getattr(mne_shallowalign, name)
        if not hasattr(obj, "__path__"):
            public[name] = obj
        elif name != "alignment":  # of which only the objective is for users
            public |= {f"{name}.{inner}": getattr(obj, inner) for inner in obj.__all__}
    public = {name: obj for name, obj in public.items() if callable(obj)}
    listed = {id(operator.attrgetter(name)(mne_shallowalign)) for name in LISTED}
    assert [name for name, obj in public.items() if id(obj) not in listed] == []


def test_reference_lists_every_command():
    from mne_shallowalign.commands.main import COMMANDS

    listed = re.findall(r"``mne-shallowalign ([\w-]+)``", REFERENCE)
    assert listed == list(COMMANDS)


def _own_methods(cls):
    ours = [
        base for base in cls.__mro__ if base.__module__.startswith("mne_shallowalign")
    ]
    for name, member in ((n, m) for base in ours for n, m in vars(base).items()):
        if not name.startswith("_") and callable(getattr(member, "__func__", member)):
            yield name


@pytest.mark.parametrize("name", LISTED)
def test_docstrings_are_valid(name):
    validate = importlib.import_module("numpydoc.validate").validate
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    ignored = set(config["tool"]["numpydoc_validation"]["checks"])
    obj = operator.attrgetter(name)(mne_shallowalign)
    names = [name]
    if inspect.isclass(obj):
        names += [f"{name}.{method}" for method in _own_methods(obj)]
    found = [
        f"{one}: {code} {said}"
        for one in names
        for code, said in validate(f"mne_shallowalign.{one}")["errors"]
        if code not in ignored
    ]
    assert found == []


@pytest.mark.parametrize("name", [module.name for module in MODULES])
def test_examples_in_docstrings_run(name):
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0

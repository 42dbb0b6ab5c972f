"""The registry, its plugins included."""

from importlib.metadata import EntryPoint

import pytest

from mne_shallowalign import _registry
from mne_shallowalign._registry import Registry, suggest


@pytest.fixture
def with_plugins(monkeypatch):
    def install(*plugins):
        found = [EntryPoint(name, value, "group") for name, value in plugins]
        monkeypatch.setattr(_registry, "entry_points", lambda group: found)
        return Registry("thing", "group", {"join": "os.path:join"})

    return install


def test_builtin_is_imported_when_asked_for(with_plugins):
    import os.path

    assert with_plugins().get("join") is os.path.join


def test_plugin_adds_a_name(with_plugins):
    import json

    registry = with_plugins(("dumps", "json:dumps"))
    assert registry.names() == ["dumps", "join"]
    assert registry.get("dumps") is json.dumps


def test_plugin_may_not_take_a_name(with_plugins):
    registry = with_plugins(("join", "json:dumps"))
    with pytest.warns(RuntimeWarning, match="already is"):
        registry.names()
    import os.path

    assert registry.get("join") is os.path.join


def test_broken_plugin_fails_only_when_it_is_asked_for(with_plugins):
    registry = with_plugins(("broken", "no_such_module:thing"))
    assert "broken" in registry.names()
    assert registry.get("join")
    with pytest.raises(ImportError, match=r"broken.*no_such_module:thing"):
        registry.get("broken")


def test_unknown_name_lists_the_nearest(with_plugins):
    with pytest.raises(ValueError, match="Unknown thing 'jion'. Did you mean 'join'"):
        with_plugins().get("jion")
    assert suggest("zzz", ["a", "b"]) == "Known: a, b."


def test_decorator_registers(with_plugins):
    registry = with_plugins()

    @registry.register("new")
    def thing():
        return 1

    assert registry.get("new") is thing
    with pytest.raises(ValueError, match="taken"):
        registry.register("new", print)

"""One lazy registry, used for backbones, encoders and datasets."""

from __future__ import annotations

import difflib
import fnmatch
import importlib
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any
from warnings import warn


class Registry:
    """Names that stand for objects which are imported only when asked for.

    Parameters
    ----------
    kind : str
        What the names stand for (``"backbone"``); it is used in messages.
    group : str
        The entry-point group through which third-party packages add names.
    builtin : mapping of str to str
        The names of this package and where they live, as ``"module:attribute"``.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self._targets: dict[str, Any] = dict(builtin)
        self._plugins_read = False

    def register(self, name: str, obj: Any = None) -> Any:
        """Add a name for this session.

        Parameters
        ----------
        name : str
            The name to add.
        obj : object | None
            What it stands for; None makes ``register(name)`` a decorator.

        Returns
        -------
        obj : object
            The registered object, or the decorator.

        Raises
        ------
        ValueError
            If the name is taken.
        """
        if obj is None:
            return lambda decorated: self.register(name, decorated)
        self._read_plugins()
        if name in self._targets and self._targets[name] is not obj:
            raise ValueError(
                f"The {self.kind} name {name!r} is taken by "
                f"{_describe(self._targets[name])}; {_describe(obj)} needs another one."
            )
        self._targets[name] = obj
        return obj

    def unregister(self, name: str) -> None:
        """Forget a name that was registered in this session.

        Parameters
        ----------
        name : str
            The name to forget.
        """
        self._targets.pop(name, None)

    def get(self, name: str) -> Any:
        """Import and return what a name stands for.

        Parameters
        ----------
        name : str
            A name in :meth:`names`.

        Returns
        -------
        obj : object
            The registered object.

        Raises
        ------
        ValueError
            If the name is unknown; the closest names are listed.
        ImportError
            If it comes from a plugin that is broken.
        """
        if name not in self:
            raise ValueError(
                f"Unknown {self.kind} {name!r}. {suggest(name, self.names())}"
            )
        target = self._targets[name]
        if isinstance(target, str):
            module, attribute = target.split(":")
            target = getattr(importlib.import_module(module), attribute)
        elif isinstance(target, EntryPoint):
            target = self._load_plugin(target)
        self._targets[name] = target
        return target

    def names(self, pattern: str = "*") -> list[str]:
        """List the names that match a wildcard pattern.

        Parameters
        ----------
        pattern : str
            A shell-style pattern, such as ``"*clip*"``.

        Returns
        -------
        names : list of str
            The matching names, sorted.
        """
        self._read_plugins()
        return sorted(fnmatch.filter(self._targets, pattern))

    def __contains__(self, name: object) -> bool:
        """Tell whether a name is known, reading plugins on the first miss."""
        if name not in self._targets:
            self._read_plugins()
        return name in self._targets

    def _read_plugins(self) -> None:
        if self._plugins_read:
            return
        self._plugins_read = True
        for plugin in entry_points(group=self.group):
            self._add_plugin(plugin)

    def _load_plugin(self, plugin: EntryPoint) -> Any:
        try:
            return plugin.load()
        except Exception as error:
            raise ImportError(
                f"The {self.kind} {plugin.name!r} comes from the plugin "
                f"{plugin.value!r}, which cannot be imported: {error}"
            ) from error

    def _add_plugin(self, plugin: EntryPoint) -> None:
        if plugin.name in self._targets:
            warn(
                f"The plugin {plugin.value!r} offers the {self.kind} {plugin.name!r}, "
                f"which {_describe(self._targets[plugin.name])} already is; ignored.",
                RuntimeWarning,
                stacklevel=4,
            )
        else:
            self._targets[plugin.name] = plugin


def suggest(name: str, known: list[str]) -> str:
    """Say which of the known names are nearest to a mistyped one.

    Parameters
    ----------
    name : str
        What was given.
    known : list of str
        What would have been understood.

    Returns
    -------
    sentence : str
        ``"Did you mean …?"``, or the list of known names when none is near.
    """
    near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.5)
    if near:
        return "Did you mean " + " or ".join(repr(n) for n in near) + "?"
    return "Known: " + ", ".join(known[:20]) + (", …" if len(known) > 20 else "") + "."


def _describe(target: Any) -> str:
    if isinstance(target, str):
        return target
    if isinstance(target, EntryPoint):
        return target.value
    module = getattr(target, "__module__", type(target).__module__)
    return f"{module}:{getattr(target, '__qualname__', type(target).__qualname__)}"

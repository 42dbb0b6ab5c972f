"""Weights of the Hugging Face hub, pinned by commit."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import requests
from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError

from ._base import Backbone
from ._shards import INDEX, shard_names
from ._weights import downloading

PATIENCE = 10.0  # seconds for a first answer


@dataclass(frozen=True)
class HubWeights:
    """Where weights lie in a repository of the hub.

    Parameters
    ----------
    repo : str
        ``"owner/name"``.
    files : tuple of str
        Names that the weights may have; the first that exists is taken. The index of
        shards, ``*.safetensors.index.json``, stands for all of them.
    config : str
        A small file of the repository, from which its commit is learnt.
    revision : str
        A commit, or a branch or tag, which may move.
    """

    repo: str
    files: tuple[str, ...]
    config: str = "config.json"
    revision: str = "main"

    def __str__(self) -> str:
        """Say what pins the weights."""
        return f"{self.repo}@{self.revision}"

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit, which cannot move."""
        return re.fullmatch(r"[0-9a-f]{40}", self.revision) is not None

    def commit(self) -> str:
        """Find the commit that the revision stands for.

        What the local cache says goes first, so that what was downloaded once stays
        what is used, with and without a network. Otherwise one small file is
        downloaded.

        Returns
        -------
        commit : str
            40 hexadecimal digits.

        Raises
        ------
        OSError
            If nothing is cached and the hub cannot be reached.
        """
        if self.is_pinned:
            return self.revision
        names = (self.config, *self.files)
        try:
            path = self._download(names, self.revision, local_files_only=True)
        except EntryNotFoundError:
            path = self._download(names, self.revision)
        return next(p.name for p in path.parents if p.parent.name == "snapshots")

    def fetch(self) -> Path:
        """Download what is not in the local cache yet.

        Returns
        -------
        path : Path
            The weights file, or the index beside its shards.
        """
        commit = self.commit()
        path = self._download(self.files, commit)
        if path.name.endswith(INDEX):
            for name in shard_names(path):
                self._download((name,), commit)
        return path

    def _download(
        self, names: tuple[str, ...], revision: str, local_files_only: bool = False
    ) -> Path:
        *others, last = names
        for name in others:
            try:
                return self._download((name,), revision, local_files_only)
            except EntryNotFoundError:
                continue
        if not local_files_only and not self._is_cached(last, revision):
            _reach_hub()
        return Path(
            hf_hub_download(
                self.repo, last, revision=revision, local_files_only=local_files_only
            )
        )

    def _is_cached(self, name: str, revision: str) -> bool:
        found = try_to_load_from_cache(
            self.repo, name, cache_dir=constants.HF_HUB_CACHE, revision=revision
        )
        return isinstance(found, str)


def _reach_hub() -> None:
    """Fail at once where the hub's client would try again for more than a minute."""
    if constants.HF_HUB_OFFLINE:  # the client says so by itself
        return
    try:
        requests.head(constants.ENDPOINT, timeout=PATIENCE)
    except (requests.ConnectionError, requests.Timeout) as error:
        raise OSError(f"{constants.ENDPOINT} cannot be reached") from error


def pin_later(
    name: str,
    weights: str,
    hub: HubWeights | None,
    describe: Callable[..., Backbone],
) -> Callable[[], Backbone] | None:
    """Say how a backbone is pinned.

    Parameters
    ----------
    name : str
        The backbone.
    weights : str
        ``"hub"``, or other weights, which are pinned as they are.
    hub : HubWeights | None
        Where its weights are; None if they do not come from the hub.
    describe : callable
        Describes the backbone again; takes ``revision``.

    Returns
    -------
    pin : callable | None
        Returns the pinned description; None if there is nothing to pin.
    """
    if weights != "hub" or hub is None or hub.is_pinned:
        return None
    return partial(_pin, name, hub, describe)


def _pin(name: str, hub: HubWeights, describe: Callable[..., Backbone]) -> Backbone:
    with downloading(name):
        return describe(revision=hub.commit())

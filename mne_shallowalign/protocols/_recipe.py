"""What is fitted: a decoder, the channels it gets, and what was published of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A system that can be run by a protocol: a published one, or your own.

    Parameters
    ----------
    name : str
        What it is called in tables, such as ``"NeuroBridge"``.
    decoder : ShallowAlignDecoder | LayerSearchCV
        Not fitted; every fit gets a clone with its own seed. A search chooses the
        layer on training concepts.
    protocol : object | None
        The protocol that it was published with, such as
        :class:`~mne_shallowalign.protocols.IntraSubject`.
    picks : str | sequence of str
        The channels that it is given: what :meth:`mne.Epochs.pick` understands, or
        ``"occipito-parietal"``.
    citation : str
        What to cite.
    published : DataFrame | None
        The numbers that were published: columns ``dataset``, ``protocol``
        (``"intra-subject"`` or ``"inter-subject"``), ``subject`` (``"01"`` …, or
        ``"mean"``), ``metric`` (``"top1"`` or ``"top5"``), ``value`` between 0 and 1,
        and ``source``.
    selection : str
        How the layer, the epoch and the like were chosen in the publication: what the
        comparison page says of it.
    departures : sequence of str
        Where this recipe knowingly differs from the publication, one sentence each.
    """

    name: str
    decoder: BaseEstimator
    protocol: Any = None
    picks: str | Sequence[str] = "occipito-parietal"
    citation: str = ""
    published: DataFrame | None = field(default=None, repr=False, compare=False)
    selection: str = ""
    departures: Sequence[str] = ()

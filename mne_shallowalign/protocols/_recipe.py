"""What is fitted: a decoder, the channels it gets, and what was published of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..decoder import ShallowAlignDecoder
from ..search import LayerSearchCV

if TYPE_CHECKING:
    from pandas import DataFrame


PUBLISHED = ("dataset", "protocol", "subject", "metric", "value", "source")


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

    Raises
    ------
    TypeError
        If one of these is of another type.
    ValueError
        If ``published`` lacks columns.
    """

    name: str
    decoder: ShallowAlignDecoder | LayerSearchCV
    protocol: Any = None
    picks: str | Sequence[str] = "occipito-parietal"
    citation: str = ""
    published: DataFrame | None = field(default=None, repr=False, compare=False)
    selection: str = ""
    departures: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Refuse what no protocol could run and no table could show."""
        if not isinstance(self.decoder, ShallowAlignDecoder | LayerSearchCV):
            raise TypeError(
                "decoder must be a ShallowAlignDecoder or a LayerSearchCV, got "
                f"{self.decoder!r} (recipe {self.name!r})."
            )
        if self.protocol is not None and not hasattr(self.protocol, "cases"):
            raise TypeError(
                "protocol must be a protocol such as IntraSubject() or None, got "
                f"{self.protocol!r}."
            )
        for name in ("name", "citation", "selection"):
            if not isinstance(getattr(self, name), str):
                raise TypeError(f"{name} must be text, got {getattr(self, name)!r}.")
        if not _are_texts(self.departures):
            raise TypeError(
                f"departures must be a sequence of sentences, got {self.departures!r}."
            )
        _check_published(self.published)


def _are_texts(values: Any) -> bool:
    is_list = isinstance(values, Sequence) and not isinstance(values, str)
    return is_list and all(isinstance(value, str) for value in values)


def _check_published(table: Any) -> None:
    if table is None:
        return
    missing = [name for name in PUBLISHED if name not in getattr(table, "columns", ())]
    if missing:
        raise ValueError(
            f"published must be a DataFrame with the columns {', '.join(PUBLISHED)} or "
            f"None, got {type(table).__name__} without {', '.join(missing)}."
        )

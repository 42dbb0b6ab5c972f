"""Who learns from whom: the protocols."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mne.utils import use_log_level

from ._plan import Case, make_plan, tabulate_plan
from ._recipe import Recipe
from ._recordings import Recordings

if TYPE_CHECKING:
    from typing import Any

    from pandas import DataFrame

OVERLAPS = ("refuse", "drop")


@dataclass(frozen=True, kw_only=True)
class Protocol(ABC):
    """What protocols have in common; subclass it for one of your own.

    Parameters
    ----------
    overlap : ``"refuse"`` | ``"drop"``
        What happens where a concept or a picture of the test is among the training
        trials as well: an error, or training without those trials. With ``"drop"``
        the names of the test pictures and their concepts are read before the fit.
    """

    name: ClassVar[str]
    overlap: str = "refuse"

    def __post_init__(self) -> None:
        """Refuse an unknown way with overlaps."""
        if self.overlap not in OVERLAPS:
            raise ValueError(
                f"overlap must be one of {OVERLAPS}, got {self.overlap!r}."
            )

    @property
    def adaptation(self) -> dict[str, Any]:
        """Parameters that a decoder gets before it is adapted to a case's minutes."""
        return {}

    @abstractmethod
    def cases(self, recordings: Recordings) -> list[Case]:
        """List who is tested, and whose trials are learned from.

        Parameters
        ----------
        recordings : Recordings
            The dataset.

        Returns
        -------
        cases : list of Case
            At least one for each subject.
        """

    def plan(
        self,
        recipes: Any,
        recordings: Recordings | Sequence[Recordings],
        *,
        seeds: int | Sequence[int] = 5,
        selection: str = "train",
    ) -> DataFrame:
        """List the fits that :meth:`run` would do; no data is read.

        Parameters
        ----------
        recipes : Recipe | estimator | list of these | dict of str to these
            What is fitted: recipes, or decoders or searches that are not fitted yet;
            the keys of a dict are their names.
        recordings : Recordings | list of Recordings
            What is fitted on.
        seeds : int | sequence of int
            How many seeds, counted from 0, or which. Default 5, as in the paper.
        selection : ``"train"`` | ``"test"``
            As in :meth:`run`.

        Returns
        -------
        plan : DataFrame
            One row per fit: ``id`` (the same wherever the same is fitted), ``dataset``,
            ``protocol``, ``recipe``, ``subject``, ``minutes``, ``seed``,
            ``selection``, ``backbone``, ``layer``, ``pooling``, ``encoder`` and
            ``n_train_subjects``.

        Raises
        ------
        TypeError
            If a recipe holds something else than a decoder or a search.
        ValueError
            If two recipes have one name, or cannot be run by this protocol.

        See Also
        --------
        estimate : What a plan costs.
        """
        return tabulate_plan(make_plan(self, recipes, recordings, seeds, selection))

    def run(
        self,
        recipes: Recipe | Any | Sequence[Any] | Mapping[str, Any],
        recordings: Recordings | Sequence[Recordings],
        *,
        seeds: int | Sequence[int] = 5,
        folder: str | Path | None = None,
        selection: str = "train",
        keep: str | None = "similarity",
        watch_test: bool = False,
        n_jobs: int | None = None,
        verbose: bool | str | int | None = None,
    ) -> DataFrame:
        """Fit and test everything that is not in the folder yet.

        Parameters
        ----------
        recipes : Recipe | estimator | list of these | dict of str to these
            What is fitted, see :meth:`plan`.
        recordings : Recordings | list of Recordings
            What is fitted on.
        seeds : int | sequence of int
            How many seeds, counted from 0, or which. Default 5, as in the paper.
        folder : path | None
            Where results are kept, one file per fit. A run that was killed goes on
            from there, and several processes may share it. None: nowhere.
        selection : ``"train"`` | ``"test"``
            ``"train"``: the test set is loaded after the fit and used once; the final
            epoch counts, and a :class:`~mne_shallowalign.LayerSearchCV` chooses on
            training concepts. ``"test"``: the published habit. The epoch and, of the
            layers and poolings of a search, the best are chosen by top-1 accuracy on
            the test set; every row says so.
        keep : ``"similarity"`` | ``"embeddings"`` | None
            What is kept in the folder beside a row, see :func:`read_arrays`: the
            similarity of every query with every candidate, also the embeddings of
            both, or neither. Default ``"similarity"``. Of a fit that is there already
            stays what was kept then.
        watch_test : bool
            Whether loss and top-1 accuracy on the test set are recorded after every
            epoch, for training curves. They decide nothing. Default False.
        n_jobs : int | None
            As in :class:`joblib.Parallel`; None follows
            :class:`joblib.parallel_config`, be it ``backend="dask"``.
        verbose : bool | str | int | None
            MNE's logging level.

        Returns
        -------
        results : DataFrame
            One row per fit, in the order of the plan, see :func:`read_results`.

        Raises
        ------
        ValueError
            If a concept or picture of the test is in the training data, or for the
            reasons of :meth:`plan`.
        """
        from ._run import run_plan

        with use_log_level(verbose):
            jobs = make_plan(self, recipes, recordings, seeds, selection)
            return run_plan(jobs, folder, keep, watch_test, n_jobs)


@dataclass(frozen=True, kw_only=True)
class IntraSubject(Protocol):
    """Each person is decoded by what was learned from their own training trials.

    Parameters
    ----------
    overlap : ``"refuse"`` | ``"drop"``
        What happens where a concept or a picture of the test is among the training
        trials as well: an error (default), or training without those trials.

    See Also
    --------
    LeaveOneSubjectOut : New people.
    FewShotCalibration : New people, with a few minutes of their own.

    Examples
    --------
    >>> from mne_shallowalign import ShallowAlignDecoder
    >>> from mne_shallowalign.protocols import IntraSubject, Recordings
    >>> recordings = Recordings(name="mine", subjects=("01", "02"), load=print)
    >>> plan = IntraSubject().plan(ShallowAlignDecoder(), recordings, seeds=3)
    >>> plan[["subject", "seed"]].values.tolist()[:4]
    [['01', 0], ['01', 1], ['01', 2], ['02', 0]]
    """

    name: ClassVar[str] = "intra-subject"

    def cases(self, recordings: Recordings) -> list[Case]:
        """List who is tested, and whose trials are learned from.

        Parameters
        ----------
        recordings : Recordings
            The dataset.

        Returns
        -------
        cases : list of Case
            One for each subject.
        """
        return [Case(one, (one,)) for one in recordings.subjects]


@dataclass(frozen=True, kw_only=True)
class LeaveOneSubjectOut(Protocol):
    """Each person is decoded by what was learned from all the others.

    Parameters
    ----------
    overlap : ``"refuse"`` | ``"drop"``
        What happens where a concept or a picture of the test is among the training
        trials as well: an error (default), or training without those trials.

    See Also
    --------
    IntraSubject : The same people.
    FewShotCalibration : New people, with a few minutes of their own.
    """

    name: ClassVar[str] = "inter-subject"

    def cases(self, recordings: Recordings) -> list[Case]:
        """List who is tested, and whose trials are learned from.

        Parameters
        ----------
        recordings : Recordings
            The dataset.

        Returns
        -------
        cases : list of Case
            One for each subject.

        Raises
        ------
        ValueError
            If there is one subject only.
        """
        return [Case(one, _others(one, recordings)) for one in recordings.subjects]


@dataclass(frozen=True, kw_only=True)
class FewShotCalibration(Protocol):
    """As from all others, then adapted to the first minutes of the person.

    The decoder that was fitted on the others goes on training on the first minutes of
    the person's own training recording, with the scales of the signal learnt anew
    (``warm_start=True``).

    Parameters
    ----------
    overlap : ``"refuse"`` | ``"drop"``
        What happens where a concept or a picture of the test is among the training
        trials as well: an error (default), or training without those trials.
    minutes : sequence of float
        How much of the training recording, counted from its first trial. Breaks
        between runs do not count. Default (1, 5, 10).
    max_epochs : int | None
        Number of epochs of adaptation. None: as many as the recipe has.
    lr : float | None
        Learning rate of adaptation. None: that of the recipe.

    See Also
    --------
    LeaveOneSubjectOut : Without any.
    """

    name: ClassVar[str] = "few-shot"
    minutes: tuple[float, ...] = (1, 5, 10)
    max_epochs: int | None = None
    lr: float | None = None

    def __post_init__(self) -> None:
        """Refuse minutes that are none."""
        super().__post_init__()
        if not self.minutes or min(self.minutes) <= 0:
            raise ValueError(
                "minutes must be a sequence of positive numbers, such as (1, 5, 10); "
                f"got {self.minutes!r}."
            )

    def cases(self, recordings: Recordings) -> list[Case]:
        """List who is tested, and whose trials are learned from.

        Parameters
        ----------
        recordings : Recordings
            The dataset.

        Returns
        -------
        cases : list of Case
            One for each subject and number of minutes.

        Raises
        ------
        ValueError
            If there is one subject only, or the dataset has no ``load_minutes``.
        """
        if recordings.load_minutes is None:
            raise ValueError(
                f"The recordings of {recordings.name!r} have no load_minutes, which "
                "FewShotCalibration needs: the times of their trials are not known. "
                "Give Recordings(load_minutes=...), see first_minutes."
            )
        return [
            Case(one, _others(one, recordings), float(minutes))
            for one in recordings.subjects
            for minutes in self.minutes
        ]

    @property
    def adaptation(self) -> dict[str, Any]:
        """Parameters that a decoder gets before it is adapted to a case's minutes."""
        wanted = {"max_epochs": self.max_epochs, "lr": self.lr}
        return {name: value for name, value in wanted.items() if value is not None}


def _others(subject: str, recordings: Recordings) -> tuple[str, ...]:
    others = tuple(one for one in recordings.subjects if one != subject)
    if not others:
        raise ValueError(
            f"The recordings of {recordings.name!r} have one subject, {subject!r}, and "
            "nobody else to learn from. Use IntraSubject."
        )
    return others

"""On what, and by which protocol, a published system is run."""

from __future__ import annotations

from ..protocols import IntraSubject, LeaveOneSubjectOut

SETTINGS = {"intra": "intra-subject", "inter": "inter-subject"}
EEG, MEG = "things-eeg2", "things-meg"


def check_setting(
    system: str, setting: str, dataset: str, datasets: tuple[str, ...] = (EEG,)
) -> None:
    """Refuse what a system was not published for.

    Parameters
    ----------
    system : str
        Its name.
    setting : ``"intra"`` | ``"inter"``
        Within a person, or between people.
    dataset : str
        The dataset.
    datasets : tuple of str
        The datasets that it was published for.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if setting not in SETTINGS:
        raise ValueError(f"setting must be one of {tuple(SETTINGS)}, got {setting!r}.")
    if dataset not in datasets:
        raise ValueError(
            f"{system} was published for {' and '.join(datasets)}, got "
            f"dataset={dataset!r}."
        )


def protocol_of(setting: str) -> IntraSubject | LeaveOneSubjectOut:
    """Return the protocol of a setting.

    Parameters
    ----------
    setting : ``"intra"`` | ``"inter"``
        Within a person, or between people.

    Returns
    -------
    protocol : IntraSubject | LeaveOneSubjectOut
        With its defaults.
    """
    return IntraSubject() if setting == "intra" else LeaveOneSubjectOut()

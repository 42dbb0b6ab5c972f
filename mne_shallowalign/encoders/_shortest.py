"""The shortest signal that a convolutional encoder can take."""

from __future__ import annotations


def check_length(encoder: str, n_times: int, shortest: int, kernels: str) -> None:
    """Refuse signals that are shorter than the kernels of an encoder.

    Parameters
    ----------
    encoder : str
        The name of the encoder.
    n_times : int
        Number of time samples of the signal.
    shortest : int
        The number that it needs.
    kernels : str
        The arguments that set this number.

    Raises
    ------
    ValueError
        If the signal is too short.
    """
    if n_times < shortest:
        raise ValueError(
            f"encoder={encoder!r} needs at least {shortest} time samples, got "
            f"{n_times}. Take a longer window or a higher sampling rate, set a smaller "
            f"{kernels} in encoder_params, or use encoder='eegproject'."
        )

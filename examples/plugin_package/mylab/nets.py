"""The encoder ``mylab``: mean amplitudes in short windows, and a linear map."""

from torch import Tensor, nn


class WindowMeans(nn.Module):
    """Average the signal in windows, then map them linearly.

    ``ShallowAlignDecoder`` passes what the signature asks for: ``n_chans``, ``n_times``
    and ``n_outputs``, and, where they are known, ``sfreq`` and ``chs_info``. All the
    rest comes from the user's ``encoder_params``.

    Parameters
    ----------
    n_chans, n_times, n_outputs : int
        The numbers of channels and of time samples of the signal, and of features.
    sfreq : float | None
        The sampling frequency in Hz; None (signals given as arrays): 100.
    window : float
        The length of a window, in seconds.
    """

    def __init__(
        self,
        n_chans: int,
        n_times: int,
        n_outputs: int,
        sfreq: float | None = None,
        window: float = 0.05,
    ) -> None:
        super().__init__()
        length = min(max(round(window * (sfreq or 100.0)), 1), n_times)
        self.average = nn.AvgPool1d(length, ceil_mode=True)
        n_windows = -(-n_times // length)
        self.project = nn.Linear(n_chans * n_windows, n_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(n, n_chans, n_times)`` to ``(n, n_outputs)``."""
        return self.project(self.average(x).flatten(1))

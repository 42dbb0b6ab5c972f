"""EEGProject, the encoder of the paper's main results."""

from __future__ import annotations

from torch import Tensor, nn

from .._scalars import check_counts
from ._head import ResidualHead


class EEGProject(ResidualHead):
    """Flatten, project, one residual block, layer norm.

    ``(n, C, T) -> flatten -> Linear(C T, D) -> x + Dropout(Linear(GELU(x))) ->
    LayerNorm(D)``: the encoder of the paper (appendix A.2.1) in the form that its
    lineage (UBP, NeuroBridge) published. Its size grows with C T: for the few
    channels of one person, not for whole helmets or many people.

    Parameters
    ----------
    n_chans : int
        Number of channels C.
    n_times : int
        Number of time samples T.
    n_outputs : int
        Width D of the hidden layer and of the output. The lineage sets it to the
        width of the image features, and so does
        :class:`~mne_shallowalign.ShallowAlignDecoder` by default.
    drop_prob : float
        Dropout probability in the residual branch. Default 0.3.
    """

    stackable = True

    def __init__(
        self, n_chans: int, n_times: int, n_outputs: int, drop_prob: float = 0.3
    ) -> None:
        check_counts(n_chans=n_chans, n_times=n_times)
        super().__init__(n_chans * n_times, n_outputs, drop_prob)
        self.flatten = nn.Flatten(-2)

    def forward(self, x: Tensor) -> Tensor:
        """Encode signals.

        Parameters
        ----------
        x : Tensor, shape (n, n_chans, n_times)
            The signals.

        Returns
        -------
        z : Tensor, shape (n, n_outputs)
            The neural features z_N.
        """
        return super().forward(self.flatten(x))

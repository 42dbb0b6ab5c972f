"""Ridge regression in closed form, from one factorisation of the signal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import torch
from torch import Tensor

ROWS = 2048  # in float64 at a time, so that no second copy of the signal is made
# What float32 rounds off is a share of the left-out truth: amplified, it would leak.
LARGEST_GAIN = 1e3


class RidgePath:
    r"""Ridge regression of any target on one signal, for every penalty.

    With the centred signal :math:`X = U S V^\top`, factorised once, the weights for
    any target :math:`Y` and any penalty :math:`\alpha` are

    .. math::

        W_\alpha = V \, \frac{S}{S^2 + \alpha} \, U^\top Y

    and what the regression predicts for trials :math:`G` when they are left out of it
    follows without another fit (leave-many-out of An et al., 2007):

    .. math::

        Y_G - \hat Y_G^{(-G)} = \big[(I - H_\alpha)_{GG}\big]^{-1} (Y - H_\alpha Y)_G,
        \qquad H_\alpha = \tfrac{1}{n} \mathbf{1} \mathbf{1}^\top
                        + U \frac{S^2}{S^2 + \alpha} U^\top

    The intercept is not penalised, as in :class:`sklearn.linear_model.Ridge`. The
    smaller Gram matrix of the two is factorised, in float64. Trials that show one
    image share its row of the target.

    Parameters
    ----------
    signal : Tensor, shape (n_trials, n_inputs)
        The signal, channels and times flattened.
    image_index : Tensor of int, shape (n_trials,)
        Which row of a target belongs to each trial.
    """

    def __init__(self, signal: Tensor, image_index: Tensor) -> None:
        # MPS has no float64
        home = "cpu" if signal.device.type == "mps" else signal.device
        self.signal, self.image_index = signal.to(home), image_index.to(home)
        n_trials, n_inputs = signal.shape
        self.mean = sum(part.double().sum(0) for part in self.signal.split(ROWS))
        self.mean /= n_trials
        self.is_tall = n_trials > n_inputs
        self.spectrum, self.basis = _eigenpairs(self._gram(), max(signal.shape))

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.signal.device

    def _gram(self) -> Tensor:
        if self.is_tall:
            return reduce(torch.add, (rows.T @ rows for rows in self._centred_rows()))
        pairs = zip(self.signal.split(ROWS, dim=1), self.mean.split(ROWS), strict=True)
        centred = (columns.double() - mean for columns, mean in pairs)
        return reduce(torch.add, (columns @ columns.T for columns in centred))

    def _centred_rows(self, dtype: torch.dtype = torch.float64) -> Iterator[Tensor]:
        mean = self.mean.to(dtype)
        return (part.to(dtype) - mean for part in self.signal.split(ROWS))

    def left(self, trials: Tensor) -> Tensor:
        """Return some rows of U.

        Parameters
        ----------
        trials : Tensor of int, shape (n,)
            Which.

        Returns
        -------
        left : Tensor of float64, shape (n, rank)
            The rows.
        """
        if not self.is_tall:
            return self.basis[trials]
        centred = self.signal[trials].double() - self.mean
        return centred @ (self.basis / self.spectrum.sqrt())

    def project(self, target: Tensor, dtype: torch.dtype = torch.float64) -> Tensor:
        """Compute U^T Y.

        Parameters
        ----------
        target : Tensor, shape (n_images, n_features)
            The target Y, one row per image.
        dtype : torch.dtype
            Precision. Float32 takes half the time.

        Returns
        -------
        projected : Tensor of dtype, shape (rank, n_features)
            The target in the basis of the signal.
        """
        target = target.to(dtype)
        if not self.is_tall:
            return self.basis.T.to(dtype) @ target[self.image_index]
        pairs = zip(
            self._centred_rows(dtype), self.image_index.split(ROWS), strict=True
        )
        moments = ((rows.T @ target[index]).double() for rows, index in pairs)
        scaled = self.basis / self.spectrum.sqrt()
        return scaled.T.to(dtype) @ reduce(torch.add, moments).to(dtype)

    def offset(self, target: Tensor) -> Tensor:
        """Average a target over trials.

        Parameters
        ----------
        target : Tensor, shape (n_images, n_features)
            The target.

        Returns
        -------
        offset : Tensor of float64, shape (n_features,)
            Its mean.
        """
        counts = torch.bincount(self.image_index, minlength=len(target)).double()
        return counts @ target.double() / len(self.image_index)

    def solve(self, target: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
        """Fit one target with one penalty.

        Parameters
        ----------
        target : Tensor, shape (n_images, n_features)
            The target.
        alpha : float
            The penalty, as scikit-learn's.

        Returns
        -------
        weights : Tensor of float64, shape (n_inputs, n_features)
            The weights.
        intercept : Tensor of float64, shape (n_features,)
            What is added.
        """
        target = target.to(self.device).double()
        shrunk = self.project(target) / (self.spectrum + alpha)[:, None]
        if self.is_tall:
            weights = self.basis @ (self.spectrum.sqrt()[:, None] * shrunk)
        else:
            dual = self.basis @ shrunk
            pairs = zip(self._centred_rows(), dual.split(ROWS), strict=True)
            weights = sum(rows.T @ part for rows, part in pairs)
        return weights, self.offset(target) - self.mean @ weights

    def axes(self, target: Tensor, alpha: float) -> Tensor:
        """Find the main axes of what is fitted to a target.

        Parameters
        ----------
        target : Tensor, shape (n_images, n_features)
            The target.
        alpha : float
            The penalty.

        Returns
        -------
        axes : Tensor of float64, shape (n_features, n_axes)
            Orthonormal columns, most important first.
        """
        target = target.to(self.device).double()
        shrinkage = self.spectrum / (self.spectrum + alpha)
        fitted = shrinkage[:, None] * self.project(target)
        return torch.linalg.svd(fitted, full_matrices=False).Vh.T


class LeftOut:
    """The trials that are left out of a regression together, for many penalties.

    Predictions are computed in float32, which is enough to rank images by, as long as
    that cannot tell the truth: with hardly any penalty, where the regression goes
    through every training trial, what it says of others is a small difference that is
    amplified, and takes float64.

    Parameters
    ----------
    path : RidgePath
        The regression.
    trials : Tensor of int, shape (n,)
        Which trials.
    alphas : sequence of float
        The penalties.

    Raises
    ------
    ValueError
        If a penalty is too small beside the signal to be told from none.
    """

    def __init__(
        self, path: RidgePath, trials: Tensor, alphas: Sequence[float]
    ) -> None:
        self.trials, self.n_all = trials, len(path.signal)
        self.left = path.left(trials)
        self.left_rounded = self.left.float()
        self.shrinkage = [path.spectrum / (path.spectrum + alpha) for alpha in alphas]
        self.gains = [
            _rounded(self._gain(shrinkage, alpha))
            for shrinkage, alpha in zip(self.shrinkage, alphas, strict=True)
        ]

    def _gain(self, shrinkage: Tensor, alpha: float) -> Tensor:
        """Invert the block of I - H."""
        hat = (self.left * shrinkage) @ self.left.T + 1 / self.n_all
        rest = torch.eye(len(hat), dtype=hat.dtype, device=hat.device) - hat
        factor, failed = torch.linalg.cholesky_ex(rest)
        if failed:
            raise ValueError(
                f"alpha={alpha:g} is too small for this signal to be told from no "
                "penalty: give larger ones, or None for a range that suits it."
            )
        return torch.cholesky_inverse(factor)

    def predict(
        self, position: int, truth: Tensor, projected: Tensor, offset: Tensor
    ) -> Tensor:
        """Predict the target of these trials from all others.

        Parameters
        ----------
        position : int
            Of the penalty.
        truth : Tensor, shape (n, n_features)
            The target of these trials.
        projected, offset : Tensor
            What :meth:`RidgePath.project` and :meth:`RidgePath.offset` make of the
            target of all trials.

        Returns
        -------
        prediction : Tensor of float32 or float64, shape (n, n_features)
            Linear in the target.
        """
        gain = self.gains[position]
        left = self.left if gain.dtype == torch.float64 else self.left_rounded
        shrinkage = self.shrinkage[position].to(gain.dtype)[:, None]
        truth, projected, offset = (
            one.to(gain.dtype) for one in (truth, projected, offset)
        )
        return truth - gain @ (truth - (offset + left @ (shrinkage * projected)))


def _rounded(gain: Tensor) -> Tensor:
    """Round to float32 if no error is amplified too much."""
    return gain.float() if gain.abs().sum(1).max() < LARGEST_GAIN else gain


def _eigenpairs(gram: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return the eigenpairs that are not rounding errors."""
    values, vectors = torch.linalg.eigh(gram)
    kept = values > values[-1] * size * torch.finfo(values.dtype).eps
    return values[kept], vectors[:, kept]

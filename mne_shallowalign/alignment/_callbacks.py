"""Callbacks that mind both halves of a net: the neural tower and the image side."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from skorch import NeuralNet
from skorch.callbacks import Callback, EarlyStopping
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from .._scalars import check_counts, check_flags, check_number


class WeightAveraging(Callback):
    """End with an exponential moving average of the weights, not with the last ones.

    The last weights depend on the last batches; their exponential moving average
    (EMA, :footcite:t:`Tarvainen2017`) does so less, where no epoch is chosen. Running
    statistics of batch norms are averaged as the weights are.

    Parameters
    ----------
    decay : float
        What is kept of the average in every step, from 0 to 1. Default 0.99: an
        average over about 100 of the paper's 800 steps.

    Raises
    ------
    ValueError
        When training begins, if there is a :class:`HeldOutStopping` too.

    Notes
    -----
    The average starts from the weights after the first step. Losses in the history
    are those of the weights in training, by which :class:`HeldOutStopping` goes.

    References
    ----------
    .. footbibliography::
    """

    def __init__(self, decay: float = 0.99) -> None:
        check_number(decay, "decay", min_val=0, max_val=1, include_boundaries="left")
        self.decay = decay

    def __repr__(self) -> str:
        return f"WeightAveraging(decay={self.decay})"

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Start to average.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        if any(isinstance(one, HeldOutStopping) for _, one in net.callbacks_):
            raise ValueError(
                "WeightAveraging and HeldOutStopping exclude each other: the best "
                "epoch of the one is judged by weights that the other replaces. Leave "
                "one out of net_params['callbacks']."
            )
        average = get_ema_multi_avg_fn(self.decay)
        self.averages_ = [
            AveragedModel(half, multi_avg_fn=average, use_buffers=True)
            for half in _halves(net)
        ]

    def on_batch_end(
        self, net: NeuralNet, batch: Any = None, training: bool = False, **kwargs: Any
    ) -> None:
        """Take the weights after a training step into the average.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        batch : tuple
            Not used.
        training : bool
            Whether this was a training step.
        **kwargs
            Not used.
        """
        if training:
            for average, half in zip(self.averages_, _halves(net), strict=True):
                average.update_parameters(half)

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Put the average in the place of the weights.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        for average, half in zip(self.averages_, _halves(net), strict=True):
            half.load_state_dict(average.module.state_dict())
        del self.averages_


def _halves(net: NeuralNet) -> tuple[nn.Module, nn.Module]:
    return net.module_, net.criterion_


class HeldOutStopping(EarlyStopping):
    """Stop when the loss on held-out trials no longer falls, and keep the best epoch.

    The field picks the epoch by its score on the test pictures; held-out *concepts*
    of the training set give a stopping rule that may be reported. With
    ``load_best=True``, skorch's own callback brings back the module alone; the image
    projector and the temperature are in the criterion, and must come back with it.

    Parameters
    ----------
    patience : int
        Number of epochs without improvement after which training stops. Default 5.
    load_best : bool
        Whether the best epoch comes back. Default True.
    **kwargs
        As for :class:`skorch.callbacks.EarlyStopping`.

    Raises
    ------
    ValueError
        If the net has no ``train_split``, so that nothing is held out.
    """

    def __init__(
        self, patience: int = 5, load_best: bool = True, **kwargs: Any
    ) -> None:
        check_counts(patience=patience)
        check_flags(load_best=load_best)
        super().__init__(patience=patience, load_best=load_best, **kwargs)

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Forget what was best before.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        if not net.train_split:
            raise ValueError(
                "HeldOutStopping needs held-out trials: put train_split in net_params, "
                "such as skorch.dataset.ValidSplit(GroupKFold(10)), and give the "
                "concepts as groups to fit."
            )
        super().on_train_begin(net, **kwargs)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Remember both halves if this is the best epoch, or stop.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        super().on_epoch_end(net, **kwargs)  # raises only if this one is not the best
        if self.misses_ == 0:
            self.best_criterion_ = deepcopy(net.criterion_.state_dict())

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Bring back both halves of the best epoch.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        super().on_train_end(net, **kwargs)
        if self.best_model_weights_ is not None:
            net.criterion_.load_state_dict(self.best_criterion_)
            del self.best_criterion_

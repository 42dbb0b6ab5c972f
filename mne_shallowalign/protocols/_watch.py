"""The test set, looked at after every epoch: for curves, or as is published."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from skorch import NeuralNet
from skorch.callbacks import Callback

from ..retrieval import top_k_accuracy

if TYPE_CHECKING:
    from ..decoder import ShallowAlignDecoder
    from ._trials import Trials


class TestWatch(Callback):
    """Record loss and top-1 accuracy on the test set after every epoch.

    Parameters
    ----------
    test : Trials
        The test set.
    keep_best : bool
        Whether the weights of the epoch with the best top-1 accuracy come back in the
        end. This is the habit that inflates published numbers.
    """

    __test__ = False  # it is no test

    def __init__(self, test: Trials, keep_best: bool) -> None:
        self.test = test
        self.keep_best = keep_best
        self.asleep = False
        self.decoder: ShallowAlignDecoder  # from attach
        self.best_epoch: int | None = None

    def attach(self, decoder: ShallowAlignDecoder) -> None:
        """Watch the training of a decoder that is not fitted yet.

        Parameters
        ----------
        decoder : ShallowAlignDecoder
            The decoder. Its ``net_params`` get one callback more.
        """
        params = dict(decoder.net_params or {})
        callbacks = [*(params.get("callbacks") or []), ("test_watch", self)]
        decoder.set_params(net_params=params | {"callbacks": callbacks})
        self.decoder = decoder

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Forget what was best before.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        self.best_top1 = -1.0
        self.best_weights: list[Any] = []
        if self.asleep:
            return
        self.signal = self.decoder._read_signal(self.test.X, reset=False)
        layer = self.decoder.layer_ or self.decoder.layer
        self.gallery = self.decoder._read_images(self.test.images, layer, net.device)

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Look at the test set.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        if self.asleep:
            return
        queries = self.decoder._embed_signal(self.signal)
        images = self.decoder._embed_features(self.gallery.features)
        top1 = top_k_accuracy(queries @ images.T, self.gallery.index)
        net.history.record("test_top1", top1)
        net.history.record("test_loss", self._loss(net, queries, images))
        if self.keep_best and top1 > self.best_top1:
            self.best_top1, self.best_epoch = top1, len(net.history)
            self.best_weights = [deepcopy(half.state_dict()) for half in _halves(net)]

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Bring back the best epoch, if it was to be kept.

        Parameters
        ----------
        net : skorch.NeuralNet
            The net.
        **kwargs
            Not used.
        """
        if self.best_weights:
            for half, weights in zip(_halves(net), self.best_weights, strict=True):
                half.load_state_dict(weights)
        self.best_weights = []

    def _loss(self, net: NeuralNet, queries: np.ndarray, images: np.ndarray) -> float:
        """Compute eq. 3 over all queries as one batch, at the temperature of now."""
        import torch

        from ..alignment import contrastive_loss

        index = torch.from_numpy(self.gallery.index)
        logits = torch.from_numpy(queries @ images.T)[:, index]
        scale = net.criterion_.scale().detach().float().mean().cpu()
        return float(contrastive_loss(scale * logits, index))


def _halves(net: NeuralNet) -> tuple[Any, Any]:
    return net.module_, net.criterion_

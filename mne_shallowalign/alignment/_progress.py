"""A progress bar that shows itself on long fits only."""

from __future__ import annotations

import logging
from typing import Any

from mne.utils import logger
from skorch import NeuralNet
from skorch.callbacks import Callback
from tqdm.auto import tqdm

SECONDS_BEFORE_IT_SHOWS = 2


class EpochProgress(Callback):
    """Count epochs and show the training loss, from the third second on.

    The bar follows MNE's logging level: it is off where INFO messages are.
    """

    def on_train_begin(self, net: NeuralNet, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(
            total=net.max_epochs,
            desc="Aligning",
            unit="epoch",
            delay=SECONDS_BEFORE_IT_SHOWS,
            leave=False,
            disable=not logger.isEnabledFor(logging.INFO),
        )

    def on_epoch_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Move on by one epoch."""
        self.bar_.set_postfix(
            loss=f"{net.history[-1]['train_loss']:.3f}", refresh=False
        )
        self.bar_.update()

    def on_train_end(self, net: NeuralNet, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar_.close()
        del self.bar_

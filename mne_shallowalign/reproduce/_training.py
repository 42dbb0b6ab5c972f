"""Training by layer: Figure 8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import viz
from ._exhibit import Exhibit, Made
from ._runs import Run, arrays_of
from ._setting import Setting
from ._systems import sweep

if TYPE_CHECKING:
    from pandas import DataFrame, Series


def _runs(setting: Setting) -> list[Run]:
    return [Run(systems=sweep(setting, setting.main), setting=setting, watch_test=True)]


def _make(results: DataFrame, setting: Setting) -> Made:
    import pandas as pd

    history = pd.concat([_curves(row) for _, row in results.iterrows()])
    figure = viz.plot_training_curves(history, show=False)
    return Made(tables={"": history}, figures={"": figure})


def _curves(row: Series) -> DataFrame:
    import pandas as pd

    kept = arrays_of(row)
    curves = {name: kept[name] for name in ("train_loss", "test_loss") if name in kept}
    n_epochs = len(kept["train_loss"])
    fit: dict[str, Any] = {name: row[name] for name in ("layer", "subject", "seed")}
    epochs = {"epoch": range(1, n_epochs + 1)}
    return pd.DataFrame(fit | epochs | curves)


EXHIBITS = (
    Exhibit("figure8", "Training and test loss by layer", "things-eeg2", _runs, _make),
)

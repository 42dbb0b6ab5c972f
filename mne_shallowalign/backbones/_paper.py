"""The eight backbones of the paper: their names here, and what it reports of them."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pandas as pd


class PaperBackbone(NamedTuple):
    """One row of Table 4 of the paper [1]_, and the model that it is.

    Parameters
    ----------
    alias : str
        The short name.
    model : str
        ``"provider/model"``.
    parameters : int
        Number of parameters; of a CLIP model, those of its image tower.
    layers : int
        Number of layers: the stages of a ResNet, the blocks of a transformer.
    width : int
        Number of features of the last layer.
    input_size : int
        Side of the input, in pixels.
    license : str
        Licence of the weights.
    download_gb : float
        Size of the weights file, in 10^9 bytes, rounded to three digits. A CLIP
        model's file holds the text tower too.
    best_layer : int
        The paper's best layer, counted from 1.
    top1 : float
        Top-1 accuracy at it, in per cent: 200-way, intra-subject, THINGS-EEG, mean
        over subjects. Selected on the test set.
    final_top1 : float
        The same of the model's final output.

    References
    ----------
    .. [1] Du et al. (2026), Shallow Alignment, arXiv:2601.21948v1, section 3.2,
       Table 4 and Figure 2.
    """

    alias: str
    model: str
    parameters: int
    layers: int
    width: int
    input_size: int
    license: str
    download_gb: float
    best_layer: int
    top1: float
    final_top1: float


PAPER = (
    PaperBackbone(
        alias="rn50",
        model="open_clip/RN50.openai",
        parameters=38_316_896,
        layers=4,
        width=2048,
        input_size=224,
        license="mit",
        download_gb=0.408,
        best_layer=3,
        top1=67.7,
        final_top1=40.3,
    ),
    PaperBackbone(
        alias="rn101",
        model="open_clip/RN101.openai",
        parameters=56_259_936,
        layers=4,
        width=2048,
        input_size=224,
        license="mit",
        download_gb=0.479,
        best_layer=3,
        top1=59.2,
        final_top1=36.5,
    ),
    PaperBackbone(
        alias="vit-b-16",
        model="open_clip/ViT-B-16.laion2b_s34b_b88k",
        parameters=86_192_640,
        layers=12,
        width=768,
        input_size=224,
        license="mit",
        download_gb=0.598,
        best_layer=6,
        top1=68.6,
        final_top1=37.1,
    ),
    PaperBackbone(
        alias="vit-h-14",
        model="open_clip/ViT-H-14.laion2b_s32b_b79k",
        parameters=632_076_800,
        layers=32,
        width=1280,
        input_size=224,
        license="mit",
        download_gb=3.94,
        best_layer=11,
        top1=76.8,
        final_top1=33.5,
    ),
    PaperBackbone(
        alias="dinov2-giant",
        model="timm/vit_giant_patch14_dinov2.lvd142m",
        parameters=1_136_479_232,
        layers=40,
        width=1536,
        input_size=518,
        license="apache-2.0",
        download_gb=4.55,
        best_layer=16,
        top1=75.9,
        final_top1=17.5,
    ),
    PaperBackbone(
        alias="vit-bigg-14",
        model="open_clip/ViT-bigG-14.laion2b_s39b_b160k",
        parameters=1_844_907_264,
        layers=48,
        width=1664,
        input_size=224,
        license="mit",
        download_gb=10.2,
        best_layer=27,
        top1=75.2,
        final_top1=33.2,
    ),
    PaperBackbone(
        alias="eva02-e-14-plus",
        model="open_clip/EVA02-E-14-plus.laion2b_s9b_b144k",
        parameters=4_350_556_928,
        layers=64,
        width=1792,
        input_size=224,
        license="mit",
        download_gb=10.1,
        best_layer=35,
        top1=79.0,
        final_top1=37.9,
    ),
    PaperBackbone(
        alias="internvit-6b",
        model="internvit/v2.5",
        parameters=5_536_496_000,
        layers=45,
        width=3200,
        input_size=448,
        license="mit",
        download_gb=11.1,
        best_layer=28,
        top1=82.6,
        final_top1=55.9,
    ),
)
"""The rows, in the paper's order. It counts 46 layers of InternViT, one more than
its blocks, and does not say which version it is; we take the newest."""

ALIASES = {row.alias: row.model for row in PAPER}
LICENSES = {row.model: row.license for row in PAPER}


def paper_table(pattern: str = "*") -> pd.DataFrame:
    """Tabulate the rows whose alias or model matches a wildcard pattern.

    Parameters
    ----------
    pattern : str
        A shell-style pattern.

    Returns
    -------
    table : pandas.DataFrame
        The fields of :class:`PaperBackbone`, indexed by ``alias``.
    """
    import pandas as pd

    rows = [
        row
        for row in PAPER
        if any(fnmatch.fnmatchcase(name, pattern) for name in (row.alias, row.model))
    ]
    return pd.DataFrame(rows, columns=PaperBackbone._fields).set_index("alias")

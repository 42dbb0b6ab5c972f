"""What is recorded of the paper's eight, against the models and against Table 4."""

from __future__ import annotations

from pathlib import Path

import open_clip
import pytest
import torch

from mne_shallowalign import list_backbones, load_backbone
from mne_shallowalign.backbones._paper import PAPER

# Table 4 of arXiv:2601.21948v1: parameters, layers, best layer, its relative depth in
# per cent, top-1 there and at the final output, and the difference.
TABLE_4 = {
    "rn50": ("38M", 4, 3, 66.7, 67.7, 40.3, 27.4),
    "rn101": ("56M", 4, 3, 66.7, 59.2, 36.5, 22.7),
    "vit-b-16": ("86M", 12, 6, 45.5, 68.6, 37.1, 31.5),
    "vit-h-14": ("632M", 32, 11, 32.3, 76.8, 33.5, 43.3),
    "dinov2-giant": ("1.14B", 40, 16, 38.5, 75.9, 17.5, 58.4),
    "vit-bigg-14": ("1.84B", 48, 27, 55.3, 75.2, 33.2, 42.0),
    "eva02-e-14-plus": ("4.35B", 64, 35, 54.0, 79.0, 37.9, 41.1),
    "internvit-6b": ("5.54B", 46, 28, 60.0, 82.6, 55.9, 26.7),
}


def rounded(n_parameters):
    if n_parameters >= 1e9:
        return f"{n_parameters / 1e9:.2f}B"
    return f"{n_parameters / 1e6:.0f}M"


@pytest.mark.parametrize("row", PAPER, ids=lambda row: row.alias)
def test_the_record_is_table_4(row):
    parameters, n_layers, best, depth, top1, final, gain = TABLE_4[row.alias]
    assert rounded(row.parameters) == parameters
    # InternViT has 45 blocks; the paper counts one more
    assert row.layers == n_layers - (row.alias == "internvit-6b")
    assert row.best_layer == best
    assert 100 * (best - 1) / (n_layers - 1) == pytest.approx(depth, abs=0.06)
    assert (row.top1, row.final_top1) == (top1, final)
    assert row.top1 - row.final_top1 == pytest.approx(gain, abs=0.05)


@pytest.mark.parametrize("row", PAPER, ids=lambda row: row.alias)
def test_the_record_is_the_model(row):
    """Nothing is downloaded: the models are built on the meta device."""
    backbone = load_backbone(row.alias)
    assert backbone.name == row.model
    assert backbone.n_parameters == row.parameters
    assert len(backbone.layers) == row.layers
    assert backbone.widths[-1] == row.width
    assert backbone.input_size == row.input_size
    assert backbone.license == row.license
    assert backbone.weights == "hub"


@pytest.mark.parametrize("row", PAPER, ids=lambda row: row.alias)
def test_the_download_is_all_parameters_as_stored(row):
    provider, _, model = row.model.partition("/")
    n_parameters = row.parameters
    if provider == "open_clip":  # with the text tower
        config = open_clip.get_model_config(model.partition(".")[0])
        config["vision_cfg"]["timm_model_pretrained"] = False
        custom = config.pop("custom_text", False)
        cls = open_clip.model.CustomTextCLIP if custom else open_clip.model.CLIP
        with torch.device("meta"):
            clip = cls(**config)
        n_parameters = sum(p.numel() for p in clip.parameters())
    halved = row.alias in ("eva02-e-14-plus", "internvit-6b")  # stored in bfloat16
    size = n_parameters * (2 if halved else 4) / 1e9
    assert row.download_gb == pytest.approx(size, rel=0.005)


def test_table():
    table = list_backbones(paper=True)
    assert list(table.index) == list(TABLE_4)
    assert table.index.name == "alias"
    assert table["top1"].idxmax() == "internvit-6b"
    assert (table["top1"] > table["final_top1"]).all()
    assert set(table.columns) >= {"parameters", "license", "download_gb", "best_layer"}
    assert not table.isna().any(axis=None)


def test_table_by_pattern():
    """Of the short names and of the full ones."""
    assert list(list_backbones("vit-?-*", paper=True).index) == ["vit-b-16", "vit-h-14"]
    assert list(list_backbones("*dinov2*", paper=True).index) == ["dinov2-giant"]
    clip = list_backbones("*clip*", paper=True)
    assert list(clip["model"].str.startswith("open_clip/")) == [True] * 6
    nothing = list_backbones("nothing", paper=True)
    assert len(nothing) == 0
    assert list(nothing.columns) == list(clip.columns)


def test_the_user_guide_has_the_table():
    page = Path(__file__).parents[2] / "doc" / "user_guide" / "layers.rst"
    text = page.read_text(encoding="utf-8")
    for row in PAPER:
        start = text.index(f"   * - ``{row.alias}``")
        cells = [line.strip("*- ") for line in text[start:].splitlines()[:10]]
        assert cells[1].replace(" ", "") == rounded(row.parameters)
        assert cells[2:4] == [str(row.layers), str(row.width)]
        assert cells[4:6] == [f"{row.input_size} px", row.license]
        assert cells[6:8] == [f"{row.download_gb:.3g} GB", str(row.best_layer)]
        assert cells[8:] == [str(row.top1), str(row.final_top1)]

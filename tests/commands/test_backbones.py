from __future__ import annotations

import mne
import pytest

from mne_shallowalign import list_backbones, load_backbone
from mne_shallowalign.commands.main import main


@pytest.fixture(autouse=True)
def _keep_log_level():
    yield
    mne.set_log_level("WARNING")


def test_names_one_a_line(capsys):
    assert main(["backbones", "gabor/*"]) == 0
    assert capsys.readouterr().out == "gabor/v1\n"
    assert main(["backbones"]) == 0
    assert capsys.readouterr().out.splitlines() == list_backbones()


def test_the_table_of_the_paper(capsys):
    assert main(["backbones", "vit-*", "--paper"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    table = list_backbones("vit-*", paper=True)
    assert header.split() == ["alias", *table.columns]
    assert [row.split()[0] for row in rows] == list(table.index)
    assert "86,192,640" in rows[list(table.index).index("vit-b-16")]


def test_layers_of_one(capsys):
    assert main(["backbones", "--layers", "gabor/v1"]) == 0
    header, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    backbone = load_backbone("gabor/v1")
    assert header == ["number", "layer", "depth", "width"]
    assert rows.pop() == ["final", str(backbone.final_width)]
    for number, layer, depth, width in rows:
        assert backbone.resolve(int(number)) == layer
        assert backbone.resolve(float(depth)) == layer
        assert backbone.width(layer) == int(width)
    assert [row[1] for row in rows] == list(backbone.layers)


def test_blocks_of_a_convolutional_network(capsys):
    numbers = {}
    for granularity in ("stage", "block"):
        argv = ["backbones", "--layers", "timm/resnet18.a1_in1k"]
        assert main([*argv, "--granularity", granularity]) == 0
        numbers[granularity] = len(capsys.readouterr().out.splitlines()) - 2
    assert numbers == {"stage": 4, "block": 8}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["no-such-*"], "no backbone matches 'no-such-*'"),
        (["no-such-*", "--paper"], "no backbone matches 'no-such-*'"),
        (["--layers", "vit-b-61"], "Did you mean 'vit-b-16'"),
    ],
)
def test_errors(argv, message, capsys):
    assert main(["backbones", *argv]) == 1
    assert message in capsys.readouterr().err

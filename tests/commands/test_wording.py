"""Errors of Python name the option, not the argument."""

from __future__ import annotations

import pytest

from mne_shallowalign.commands._wording import in_options, is_about_options

OPTIONS = {
    "backbone": "--backbone",
    "bids_root": "--bids-root",
    "cache_dir": "--cache-dir",
    "decoder": "decoder",
    "device": "--device",
    "hold_out": "--hold-out",
    "layer": "--layer",
    "lr": "--set lr",
    "session": "--session",
    "stimuli": "--stimuli",
    "subject": "--subject",
}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("layer=99 does not exist.", "--layer 99 does not exist."),
        ("hold_out='run' needs two.", "--hold-out run needs two."),
        ("root='ds' is no folder.", "--bids-root ds is no folder."),
        ("fname='a b' is no file.", "decoder a b is no file."),
        ("lr == -1, must be > 0.", "--set lr == -1, must be > 0."),
        ("subjects=['9', '8'] must be among 1.", "--subject 9,8 must be among 1."),
        ("device must be 'cpu'. Use device='auto'.",
         "--device must be 'cpu'. Use --device auto."),
        ("image_root='x' is no folder.", "--stimuli x is no folder."),
        ("Unknown backbone 'x'. Known: y.", "--backbone x is unknown. Known: y."),
        ("Unknown backbone provider 'x'. Known: y.",
         "--backbone provider x is unknown. Known: y."),
    ],
)  # fmt: skip
def test_what_is_about_an_option(message, expected):
    assert in_options(message, OPTIONS) == expected
    assert is_about_options(expected, OPTIONS)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("sub-1 lacks session=['9'].", "sub-1 lacks --session 9."),
        ("Nothing fits; set cache_dir.", "Nothing fits; set --cache-dir."),
        ("Call run(layer=2).", "Call run(layer=2)."),
        ("The column 'hold_out' is empty.", "The column 'hold_out' is empty."),
        ("the layer of a backbone", "the layer of a backbone"),
        ("n_layers=2 and a.layer=3", "n_layers=2 and a.layer=3"),
        ("Unknown animal 'x'. Known: y.", "Unknown animal 'x'. Known: y."),
    ],
)
def test_what_is_not(message, expected):
    assert in_options(message, OPTIONS) == expected
    assert not is_about_options(expected, OPTIONS)

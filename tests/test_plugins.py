"""Packages that add backbones and encoders, installed for real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import mne_shallowalign

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "plugin_package"
BROKEN = """
    from functools import partial

    def provide(model, **options):
        raise RuntimeError("never asked")

    def list_models():
        raise OSError("the disk of models is gone")

    provide.list_models = list_models
"""
ENTRY_POINTS = """
    [mne_shallowalign.backbones]
    missing = no_such_module:provide
    unlisted = broken_plugin:provide
    timm = broken_plugin:provide
    [mne_shallowalign.encoders]
    missing = no_such_module:Net
    eegproject = broken_plugin:provide
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The example package, built and installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("plugins")
    source = shutil.copytree(EXAMPLE, folder / "source")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index"]
    pip += ["--no-deps", "--no-build-isolation", "--target", folder / "site", source]
    subprocess.run(pip, check=True, capture_output=True, text=True)
    return folder / "site"


@pytest.fixture
def broken(tmp_path):
    """A package whose every entry point is wrong in its own way."""
    (tmp_path / "broken_plugin.py").write_text(dedent(BROKEN))
    record = tmp_path / "broken_plugin-1.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-plugin\n")
    (record / "entry_points.txt").write_text(dedent(ENTRY_POINTS))
    return tmp_path


def _python(code, *folders):
    """Run code where the folders are on the path."""
    here = Path(mne_shallowalign.__file__).parents[1]
    path = os.pathsep.join(map(str, (*folders, here)))
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_example_is_used_by_its_names(installed):
    done = _python(
        """
        import numpy as np
        from mne_shallowalign import (
            ShallowAlignDecoder, list_backbones, list_encoders, load_backbone
        )
        from mne_shallowalign.features import extract_features

        assert list_backbones("mylab/*") == ["mylab/contrast"]
        assert "mylab" in list_encoders()
        backbone = load_backbone("mylab/contrast")
        assert backbone.layers[1] == "octave2" and backbone.final_width is None

        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
        features = extract_features(images, backbone, 2, cache_dir=False)["octave2"]
        signal = rng.standard_normal((8, 3, 20))
        decoder = ShallowAlignDecoder(
            "mylab/contrast", "octave2", encoder="mylab",
            encoder_params={"window": 0.1}, max_epochs=2, n_components=4,
        )
        decoder.fit(signal, images)
        assert decoder.layer_ == "octave2"
        assert decoder.encoder_.project.in_features == 3 * 2
        given = decoder.transform_images(features)
        assert np.array_equal(decoder.transform_images(images), given)
        print(type(decoder.encoder_).__module__)
        """,
        installed,
    )
    assert done.stdout.split() == ["mylab.nets"]
    assert done.stderr == ""


def test_the_example_computes_contrast(installed):
    """A checkerboard has contrast at the octave of its fields, and there only."""
    _python(
        """
        import numpy as np
        from mne_shallowalign.features import extract_features

        for octave in range(4):
            board = 255 * ((np.indices((128, 128)) >> octave).sum(0) % 2)
            picture = np.repeat(board[:, :, None], 3, 2).astype(np.uint8)
            features = extract_features([picture], "mylab/contrast", cache_dir=False)
            contrast = np.array([v.mean() for v in features.values()])
            assert np.allclose(contrast, np.arange(4) == octave, atol=1e-5), contrast
        """,
        installed,
    )


def test_broken_plugins_warn_and_harm_nobody_else(installed, broken):
    _python(
        """
        import warnings
        from mne_shallowalign import list_backbones, list_encoders, load_backbone

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            names = list_backbones()
        said = [str(w.message) for w in caught if w.category is RuntimeWarning]
        assert len(said) == 3, said
        taken, = [s for s in said if "'timm'" in s]
        assert "broken_plugin:provide" in taken and "ignored" in taken
        missing, = [s for s in said if "no_such_module:provide" in s]
        assert "'missing'" in missing and "No module named" in missing
        unlisted, = [s for s in said if "'unlisted'" in s]
        assert "the disk of models is gone" in unlisted

        assert {"mylab/contrast", "gabor/v1", "vit-b-16"} <= set(names)
        assert any(name.startswith("timm/resnet50") for name in names)
        assert not any(name.startswith(("missing", "unlisted")) for name in names)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert load_backbone("mylab/contrast").name == "mylab/contrast"

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            assert {"mylab", "eegproject"} <= set(list_encoders())
        said, = [str(w.message) for w in caught]
        assert "'eegproject'" in said and "broken_plugin:provide" in said
        """,
        installed,
        broken,
    )


def test_a_broken_plugin_says_so_when_it_is_asked_for(broken):
    _python(
        """
        import warnings
        import numpy as np
        from mne_shallowalign import ShallowAlignDecoder, load_backbone

        warnings.simplefilter("ignore", RuntimeWarning)
        X, y = np.random.rand(4, 2, 5), np.random.rand(4, 3)
        for use in (
            lambda: load_backbone("missing/model"),
            lambda: ShallowAlignDecoder(encoder="missing", n_components=2).fit(X, y),
        ):
            try:
                use()
            except ImportError as error:
                assert "'missing'" in str(error) and "no_such_module" in str(error)
            else:
                raise AssertionError("no ImportError")
        """,
        broken,
    )

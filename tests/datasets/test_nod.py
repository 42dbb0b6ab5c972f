"""NOD from a miniature of its bucket: fetched, then read."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mne_shallowalign.datasets import (
    fetch_nod_eeg,
    fetch_nod_meg,
    load_bids,
    load_nod_eeg,
    load_nod_meg,
)
from mne_shallowalign.datasets._nod import NOD_EEG, NOD_MEG

README = Path(__file__).resolve().parents[2] / "README.rst"
IMAGES = [f"n0144076{i % 4}_{100 + i}" for i in range(8)]


def _trials():
    """As the authors write them: two sessions of one run of five pictures."""
    shown = [*IMAGES[:5], *IMAGES[2:7]]
    return pd.DataFrame(
        {
            "session": 5 * ["ImageNet01"] + 5 * ["ImageNet02"],
            "run": 1,
            "subject": 1,
            "task": "ImageNet",
            "image_id": shown,
            "class_id": [name.split("_")[0] for name in shown],
            "stim_is_animate": [True, False] * 5,
        }
    )


def _tree(root, modality, trials=None, label="01"):
    """Lay out what OpenNeuro has of a subject, in the real formats."""
    rng = np.random.RandomState(0)
    kind = dict(eeg="eeg", meg="mag")[modality]
    info = mne.create_info(4, 200.0, kind)
    trials = _trials() if trials is None else trials
    n = len(trials)
    events = np.c_[200 * np.arange(n), np.zeros(n, int), np.ones(n, int)]
    epochs = mne.EpochsArray(
        rng.normal(size=(n, 4, 181)) * 1e-6,
        info,
        events,
        -0.1,
        {"stim_on": 1},
        metadata=trials,
    )
    files = root / "derivatives/preprocessed/epochs"
    files.mkdir(parents=True)
    epochs.save(files / f"sub-{label}_{modality}_epo.fif")
    table = root / f"derivatives/detailed_events/sub-{label}_events.csv"
    table.parent.mkdir(parents=True)
    trials.to_csv(table, index=False)
    for name in ("README", "CHANGES", "participants.tsv", "dataset_description.json"):
        text = {
            "participants.tsv": "participant_id\nsub-01\n",
            "dataset_description.json": '{"Name": "NOD", "BIDSVersion": "1.7.0"}',
        }
        (root / name).write_text(text.get(name, name))
    return epochs


@pytest.fixture
def eeg(publish, tmp_path):
    epochs = _tree(tmp_path / "eeg", "eeg")
    pictures = tmp_path / "eeg/stimuli/ImageNet"
    pictures.mkdir(parents=True)
    for name in IMAGES:
        (pictures / f"{name}.JPEG").write_bytes(name.encode())
    _raw(tmp_path / "eeg")
    publish("ds005811", tmp_path / "eeg")
    return epochs


def _raw(root):
    """Two runs with the real events: begin, stim_on, many resp, end."""
    for session in ("ImageNet01", "ImageNet02"):
        name = f"sub-01_ses-{session}_task-ImageNet_run-01"
        folder = root / f"sub-01/ses-{session}/eeg"
        folder.mkdir(parents=True)
        info = mne.create_info(["Fp1", "Fpz", "Oz"], 100.0, "eeg")
        data = np.random.RandomState(1).normal(size=(3, 1400)) * 1e-6
        mne.export.export_raw(
            folder / f"{name}_eeg.vhdr", mne.io.RawArray(data, info), verbose="error"
        )
        rows = ["onset\tduration\ttrial_type\tvalue\tsample\tStimulusPresentation"]
        rows += ["0.0\t0.002\tbegin\t1\t0\tPsychophysicsToolbox"]
        for i in range(5):
            onset = 1 + 2.4 * i
            for kind, code, at in (("stim_on", 4, onset), ("resp", 3, onset + 1)):
                rows.append(f"{at:.3f}\t0.002\t{kind}\t{code}\t{at * 100:.0f}\tPsycho")
        (folder / f"{name}_events.tsv").write_text("\n".join(rows))
        (folder / f"{name}_eeg.json").write_text('{"PowerLineFrequency": 50}')
        (folder / f"{name}_channels.tsv").write_text(
            "\ufeffname\ttype\tunits\nFp1\tEEG\tV\nFpz\tEEG\tV\nOz\tEEG\tV\n"
        )


def test_epochs_and_the_pictures_seen(eeg, server, tmp_path):
    root = fetch_nod_eeg(1, path=tmp_path / "data")
    assert root == tmp_path / "data" / "ds005811"
    epochs = load_nod_eeg("01", path=tmp_path / "data")
    metadata = epochs.metadata
    words = ["image", "concept", "repetition", "subject", "session", "run", "split"]
    assert list(metadata)[:7] == words
    shown = [*IMAGES[:5], *IMAGES[2:7]]
    assert metadata["image"].tolist() == [f"ImageNet/{name}.JPEG" for name in shown]
    assert metadata["concept"].tolist() == [name.split("_")[0] for name in shown]
    assert metadata["repetition"].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 1, 1]
    assert metadata["session"].tolist() == 5 * ["ImageNet01"] + 5 * ["ImageNet02"]
    assert set(metadata["subject"]) == {"01"}
    assert set(metadata["run"]) == {"01"}
    assert set(metadata["split"]) == {"train"}
    assert metadata["stim_is_animate"].tolist() == [True, False] * 5
    np.testing.assert_allclose(epochs.get_data(), eeg.get_data(), rtol=1e-6)

    for image in metadata["image"]:
        name = image.removeprefix("ImageNet/").removesuffix(".JPEG")
        assert (root / "stimuli" / image).read_bytes() == name.encode()
    assert len(list((root / "stimuli/ImageNet").iterdir())) == 7  # one was not seen
    assert "CC0" in (root / "LICENSE").read_text()
    assert "Zhang" in (root / "CITATION").read_text()
    n_requests = len(server.requests)
    assert fetch_nod_eeg(1, path=tmp_path / "data", check=True) == root
    assert len(server.requests) == n_requests


def test_readme_example(publish, tmp_path, monkeypatch, capsys):
    names = [f"n0144{i // 2:04d}_{i}" for i in range(20)]
    trials = pd.DataFrame({"image_id": names, "session": "ImageNet01", "run": 1})
    _tree(tmp_path / "eeg", "eeg", trials, "10")
    pictures = tmp_path / "eeg/stimuli/ImageNet"
    pictures.mkdir(parents=True)
    for number, name in enumerate(names):
        picture = Image.new("RGB", (16, 16), (12 * number, 0, 0))
        picture.save(pictures / f"{name}.JPEG")
    publish("ds005811", tmp_path / "eeg")
    monkeypatch.setenv("MNE_DATA", str(tmp_path / "data"))
    text = README.read_text(encoding="utf-8")
    text = text.split(".. start: real data")[1].split(".. end: real data")[0]
    example = textwrap.dedent(text.split(".. code-block:: python")[1])
    offline = '"gabor/v1", layer=3, max_epochs=2'
    exec(example.replace('"vit-b-16", layer=6', offline), {})
    share = re.search(r"among the first five in ([\d.]+)%", capsys.readouterr().out)
    assert float(share[1]) == 100  # four pictures in each fold


def test_sessions(eeg, tmp_path):
    fetch_nod_eeg(1, path=tmp_path / "data", stimuli=None)
    assert not (tmp_path / "data/ds005811/stimuli").exists()
    second = load_nod_eeg(1, session=2, path=tmp_path / "data")
    assert second.metadata["session"].tolist() == 5 * ["ImageNet02"]
    assert second.metadata["repetition"].tolist() == [2, 2, 2, 1, 1]
    lazy = load_nod_eeg(1, session="ImageNet02", path=tmp_path / "data", preload=False)
    assert not lazy.preload
    np.testing.assert_array_equal(lazy.get_data(), second.get_data())
    with pytest.raises(ValueError, match=r"session=3 is not in .* ImageNet01, Image"):
        load_nod_eeg(1, session=3, path=tmp_path / "data")


def test_all_pictures(eeg, tmp_path):
    root = fetch_nod_eeg(1, path=tmp_path / "data", stimuli="all")
    assert len(list((root / "stimuli/ImageNet").iterdir())) == 8


def test_raw_as_bids(eeg, tmp_path):
    root = fetch_nod_eeg(1, kind="raw", session=2, path=tmp_path / "data")
    assert {p.name for p in (root / "sub-01").iterdir()} == {"ses-ImageNet02"}
    assert not (root / "derivatives/preprocessed").exists()
    epochs = load_bids(root, "01", tmin=0, tmax=0.5, baseline=None)
    expected = [f"ImageNet/{name}.JPEG" for name in IMAGES[2:7]]
    assert epochs.metadata["image"].tolist() == expected
    concepts = [name.split("_")[0] for name in IMAGES[2:7]]
    assert epochs.metadata["concept"].tolist() == concepts
    assert epochs.events[:, 0].tolist() == [100, 340, 580, 820, 1060]


def test_meg_takes_its_pictures_from_the_bucket_of_eeg(eeg, publish, server, tmp_path):
    _tree(tmp_path / "meg", "meg")
    publish("ds005810", tmp_path / "meg", "1.0.6")
    root = fetch_nod_meg("sub-01", path=tmp_path / "data")
    assert root.name == "ds005810"
    epochs = load_nod_meg(1, path=tmp_path / "data")
    assert epochs.get_channel_types(unique=True) == ["mag"]
    assert all(
        (root / "stimuli" / image).exists() for image in epochs.metadata["image"]
    )
    asked = [r["path"] for r in server.requests if "stimuli" in r["path"]]
    assert len(asked) == 7
    assert all(path.startswith("/bucket/ds005811/") for path in asked)


def test_wrong_arguments(eeg, tmp_path):
    path = tmp_path / "data"
    for name, options in [
        (r"subject=20 is not in NOD-EEG; it has: 01, 02", dict(subject=20)),
        (r"kind='rwa' must be", dict(subject=1, kind="rwa")),
        (r"stimuli='some' must be", dict(subject=1, stimuli="some")),
        (r"kind='epochs' is one file of all sessions", dict(run=2)),
        (r"session=7, run=None; there are: ses-Image", dict(kind="raw", session=7)),
        (r"session=None, run=9; there are", dict(kind="raw", run=9)),
    ]:
        with pytest.raises(ValueError, match=name):
            fetch_nod_eeg(**{"subject": 1, "path": path} | options)
    with pytest.raises(FileNotFoundError, match=r"fetch_nod_eeg\('01'\)"):
        load_nod_eeg(1, path=tmp_path / "nowhere")


def test_what_the_real_lists_hold():
    for dataset, n_subjects, extremes in (
        (NOD_EEG, 19, (113e6, 227e6)),
        (NOD_MEG, 30, (247e6, 990e6)),
    ):
        sizes = [
            sum(f.size for f in dataset.files(label, None, stimuli=None))
            for label in dataset.subjects
        ]
        assert len(sizes) == n_subjects
        assert extremes[0] < min(sizes)
        assert max(sizes) < extremes[1]
        assert np.median(sizes) == dataset.size
    raw = NOD_MEG.files(1, None, kind="raw", session=1, run=[1, 2], stimuli=None)
    assert sum(f.path.endswith("_meg.fif") for f in raw) == 2
    assert any(f.path.endswith("_coordsystem.json") for f in raw)

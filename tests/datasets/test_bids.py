from __future__ import annotations

import mne
import numpy as np
import pandas as pd
import pytest

from mne_shallowalign.datasets import load_bids

WORDS = ["image", "concept", "repetition", "subject", "session", "run", "split"]


def test_signal_events_and_metadata(write_bids):
    root = write_bids(["a.png", "n/a", "stimuli/b.png", "a.png"])
    epochs = load_bids(root, "sub-01", baseline=None, tmin=0, tmax=0.5)
    assert list(epochs.metadata)[:7] == WORDS
    assert epochs.metadata["image"].tolist() == ["a.png", "b.png", "a.png"]
    assert epochs.metadata["concept"].tolist() == ["a", "b", "a"]
    assert epochs.metadata["repetition"].tolist() == [1, 1, 2]
    for column, value in dict(
        subject="01", session="n/a", run="n/a", split="train"
    ).items():
        assert set(epochs.metadata[column]) == {value}
    assert epochs.events[:, 0].tolist() == [100, 400, 550]

    written = np.random.RandomState(0).normal(size=(3, 800)) * 1e-5
    expected = np.stack([written[:, s : s + 51] for s in (100, 400, 550)])
    np.testing.assert_allclose(epochs.get_data(), expected, rtol=1e-6, atol=1e-12)


def test_runs_sessions_and_tasks(write_bids):
    for run in ("1", "2", "10"):
        write_bids(["a.png", "b.png"], session="x", task="train", run=run)
    root = write_bids(["a.png"], session="x", task="test", run="1")
    metadata = load_bids(root, "01").metadata
    assert metadata["run"].tolist() == ["1", *"112", "2", "10", "10"]
    assert metadata["split"].tolist() == ["test"] + 6 * ["train"]
    assert metadata.query("image == 'a.png'")["repetition"].tolist() == [1, 2, 3, 4]
    assert set(metadata["session"]) == {"x"}
    assert len(load_bids(root, "01", task="train", run=["1", "10"])) == 4
    with pytest.raises(FileNotFoundError, match=r"run='7'.*task-test_run-1"):
        load_bids(root, "01", run="7")


def test_runs_without_pictures_are_left_out(write_bids):
    write_bids(["n/a", "n/a"], task="rest")
    root = write_bids(["a.png", "b.png"], task="images")
    assert len(load_bids(root, "01")) == 2


def test_columns_of_the_events_win(write_bids):
    pictures = ("birds/a.png", "birds/b.png")
    root = write_bids(
        list(pictures),
        pictures,
        object=["hawk", "owl"],
        split=["test", "train"],
        task="test",
    )
    metadata = load_bids(root, "01").metadata
    assert metadata["concept"].tolist() == ["hawk", "owl"]
    assert metadata["split"].tolist() == ["test", "train"]
    assert metadata["object"].tolist() == ["hawk", "owl"]


def test_folders_are_concepts(write_bids):
    pictures = ("birds/a.png", "fish/b.png")
    root = write_bids(["birds/a.png", "birds", "fish\\b.png", "fish"], pictures)
    metadata = load_bids(root, "01").metadata
    assert metadata["image"].tolist() == ["birds/a.png", "birds", "fish/b.png", "fish"]
    assert metadata["concept"].tolist() == ["birds", "birds", "fish", "fish"]


def test_meg(write_bids):
    root = write_bids(["a.png", "b.png"], meg=True)
    epochs = load_bids(root, "01", tmin=0, tmax=0.5, baseline=None)
    assert epochs.get_channel_types(unique=True) == ["mag"]
    written = np.random.RandomState(0).normal(size=(3, 500)) * 1e-13
    np.testing.assert_allclose(epochs.get_data()[1], written[:, 250:301], rtol=1e-6)


def test_two_datatypes(write_bids):
    write_bids(["a.png"])
    root = write_bids(["a.png", "b.png"], meg=True)
    with pytest.raises(ValueError, match="has EEG and MEG"):
        load_bids(root, "01")
    assert len(load_bids(root, "01", datatype="eeg")) == 1
    with pytest.raises(ValueError, match=r"datatype='fmri' must be"):
        load_bids(root, "01", datatype="fmri")


def test_filter_resample_and_reject(write_bids):
    root = write_bids(["a.png", "b.png", "a.png"])
    raw = mne.io.read_raw(next(root.glob("sub-01/eeg/*.vhdr")), preload=True)
    raw.filter(1, 30)
    events = np.array([[100, 0, 1], [250, 0, 1], [400, 0, 1]])
    oracle = mne.Epochs(raw, events, tmin=-0.2, tmax=0.8, preload=True).resample(50)
    epochs = load_bids(root, "01", l_freq=1, h_freq=30, sfreq=50)
    np.testing.assert_array_equal(epochs.get_data(), oracle.get_data())
    assert epochs.baseline == (-0.2, 0)

    amplitudes = np.ptp(load_bids(root, "01").get_data(), axis=-1).max(axis=1)
    limit = dict(eeg=np.median(amplitudes))
    assert len(load_bids(root, "01", reject=limit)) == 2
    with (
        pytest.warns(RuntimeWarning, match="All epochs were dropped"),
        pytest.raises(ValueError, match="No trial of sub-01 is left"),
    ):
        load_bids(root, "01", reject=dict(eeg=1e-9))


def test_rejected_presentations_count(write_bids):
    root = write_bids(["a.png"] * 4)
    epochs = load_bids(root, "01")
    amplitudes = np.ptp(epochs.get_data(), axis=-1).max(axis=1)
    kept = load_bids(root, "01", reject=dict(eeg=np.median(amplitudes)))
    expected = np.flatnonzero(amplitudes <= np.median(amplitudes)) + 1
    assert kept.metadata["repetition"].tolist() == expected.tolist()


def test_bad_channels_are_left_out_of_every_run(write_bids):
    write_bids(["a.png"], run="1")
    root = write_bids(["a.png"], run="2")
    channels = root / "sub-01/eeg/sub-01_task-images_run-2_channels.tsv"
    lines = channels.read_text().splitlines()
    lines[2] = lines[2].replace("good", "bad")
    channels.write_text("\n".join(lines))
    assert load_bids(root, "01").ch_names == ["A1", "A3"]
    assert load_bids(root, "01", picks=["A2"], run="1").ch_names == ["A2"]


def test_unknown_subject(write_bids):
    write_bids(["a.png"], subject="07")
    root = write_bids(["a.png"], subject="11")
    with pytest.raises(FileNotFoundError, match=r"subject='99' is not in .* 07, 11"):
        load_bids(root, "99")
    with pytest.raises(FileNotFoundError, match=r"subject='7' is not in .* 07, 11"):
        load_bids(root, 7)
    with pytest.raises(FileNotFoundError, match="is no folder"):
        load_bids(root / "nowhere", "07")


def test_the_folder_of_a_subject_is_no_dataset(tmp_path):
    """Which has files that are called as subjects are."""
    root = tmp_path / "ds" / "sub-01"
    root.mkdir(parents=True)
    (root / "sub-01_scans.tsv").touch()
    with pytest.raises(
        FileNotFoundError, match=r"the folder of one; the root is .*ds$"
    ):
        load_bids(root, "01")
    (tmp_path / "sub-02.txt").touch()
    with pytest.raises(FileNotFoundError, match="is it the root of a BIDS dataset"):
        load_bids(tmp_path, "02")


def test_no_picture_at_all(write_bids):
    root = write_bids(["n/a", "n/a"])
    with pytest.raises(ValueError, match="needs a column stim_file"):
        load_bids(root, "01")


@pytest.mark.parametrize(
    ("stim_file", "error"), [("../a.png", ValueError), ("c.png", FileNotFoundError)]
)
def test_bad_stim_files(write_bids, stim_file, error):
    root = write_bids(["a.png", stim_file])
    with pytest.raises(error, match="stim_file: 1 "):
        load_bids(root, "01")


def test_an_image_with_two_concepts(write_bids):
    root = write_bids(["a.png", "a.png"], concept=["owl", "hawk"])
    with pytest.raises(ValueError, match=r"a\.png: \['hawk', 'owl'\]"):
        load_bids(root, "01")


def test_pictures_kept_elsewhere(write_bids, tmp_path_factory):
    root = write_bids(["a.png", "b.png"])
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "pictures"
    (root / "stimuli").rename(elsewhere)
    with pytest.raises(FileNotFoundError, match="2 are not in the folder of pictures"):
        load_bids(root, "01")
    metadata = load_bids(root, "01", stimuli=elsewhere).metadata
    assert metadata["image"].tolist() == ["a.png", "b.png"]


def test_two_pictures_on_one_sample(write_bids):
    root = write_bids(["a.png", "b.png", "n/a"])
    (events,) = root.glob("sub-01/eeg/*_events.tsv")
    header, *lines = events.read_text().splitlines()
    onset = lines[0].split("\t")[0]
    third = "\t".join([onset, *lines[2].split("\t")[1:]])
    events.write_text("\n".join([header, *lines[:2], third]))
    assert len(load_bids(root, "01")) == 2  # only one of the two is a picture
    second = "\t".join([onset, *lines[1].split("\t")[1:]])
    events.write_text("\n".join([header, lines[0], second]))
    with pytest.raises(ValueError, match=r"1 samples have .* \(1 s: a.png, b.png\)"):
        load_bids(root, "01")


def test_occipito_parietal_picks(write_bids):
    root = write_bids(["a.png"])
    with pytest.raises(ValueError, match="finds no good channel"):
        load_bids(root, "01", picks="occipito-parietal")
    for name in root.glob("sub-01/eeg/*"):
        text = name.read_bytes()
        if name.suffix in (".vhdr", ".tsv") and not name.stem.endswith("events"):
            text = (
                text.replace(b"A1", b"Oz").replace(b"A2", b"Cz").replace(b"A3", b"Pz")
            )
            name.write_bytes(text)
    assert load_bids(root, "01", picks="occipito-parietal").ch_names == ["Pz", "Oz"]


def test_a_recording_without_a_date_that_begins_late(tmp_path):
    """Of MNE's files, the first sample has a number; a date may have been removed."""
    from mne_bids import BIDSPath, write_raw_bids

    signal = np.random.RandomState(0).normal(size=(2, 1000)) * 1e-13
    info = mne.create_info(["A1", "A2"], 100.0, "mag")
    info["line_freq"] = 50
    raw = mne.io.RawArray(signal, info, first_samp=200)
    raw.save(tmp_path / "late_raw.fif")
    columns = dict(trial_type=["event"] * 3, stim_file=["a.png"] * 3)
    onsets = np.array([300, 500, 900])
    write_raw_bids(
        mne.io.read_raw_fif(tmp_path / "late_raw.fif"),
        BIDSPath(subject="01", task="x", datatype="meg", root=tmp_path / "bids"),
        events=np.c_[onsets, [0, 0, 0], [1, 1, 1]],
        event_id={"event": 1},
        event_metadata=pd.DataFrame(columns),
        extra_columns_descriptions=dict.fromkeys(columns, "a column"),
    )
    (table,) = (tmp_path / "bids").rglob("*_events.tsv")
    events = pd.read_csv(table, sep="\t")
    events["onset"] = (onsets - 200) / 100  # BIDS counts from the first sample
    events.to_csv(table, sep="\t", index=False)
    span = dict(tmin=0.0, tmax=0.2, baseline=None)
    epochs = load_bids(tmp_path / "bids", "01", stimuli=False, **span)
    expected = np.stack([signal[:, s - 200 : s - 179] for s in onsets])
    np.testing.assert_allclose(epochs.get_data(), expected, rtol=1e-6)


@pytest.mark.parametrize("run", [1, np.int64(1), [1, 2], "01", ["02", 1]])
def test_labels_may_be_numbers(write_bids, run):
    for label in ("01", "02"):
        root = write_bids(["a.png"], session="02", run=label)
    n_runs = 1 if np.ndim(run) == 0 else 2
    assert len(load_bids(root, "01", session=2, run=run)) == n_runs
    with pytest.raises(FileNotFoundError, match=r"run=3.*run-01"):
        load_bids(root, "01", run=3)

"""Files in the format of the authors of THINGS-EEG2, in miniature."""

from __future__ import annotations

import numpy as np

EEG2_CHANNELS = (
    "Fp1 F3 F7 FT9 FC5 FC1 C3 T7 TP9 CP5 CP1 Pz P3 P7 O1 Oz O2 P4 P8 TP10 CP6 CP2 Cz "
    "C4 T8 FT10 FC6 FC2 F4 F8 Fp2 AF7 AF3 AFz F1 F5 FT7 FC3 FCz C1 C5 TP7 CP3 P1 P5 "
    "PO7 PO3 POz PO4 PO8 P6 P2 CPz CP4 TP8 C6 C2 FC4 FT8 F6 F2 AF4 AF8 stim"
).split()


def write_things_eeg2(folder):
    """Write 1 subject, 4 sessions, 8 + 3 pictures."""
    train = [f"{n:05d}_{name}" for n, name in enumerate(["ant", "bat_cage"], start=1)]
    test = ["00001_cat", "00002_dog", "00003_elk"]
    metadata = dict(
        train_img_concepts=[concept for concept in train for _ in range(4)],
        train_img_files=[f"{c[6:]}_{i:02d}s.jpg" for c in train for i in range(4)],
        test_img_concepts=test,
        test_img_files=[f"{c[6:]}_01b.jpg" for c in test],
    )
    np.save(folder / "image_metadata.npy", metadata)
    for session in range(1, 5):
        rng = np.random.RandomState(session)
        place = folder / "sub-08" / f"ses-{session:02d}"
        place.mkdir(parents=True)
        # half of the pictures twice, one of them and a target once more
        half = np.arange(1, 5) + 4 * (session % 2)
        shown = rng.permutation([*half, *half, half[0], 99999])
        np.save(place / "raw_eeg_training.npy", eeg2_recording(shown, rng))
        shown = rng.permutation([*np.repeat([1, 2, 3], 20), 2, 3, 99999])
        np.save(place / "raw_eeg_test.npy", eeg2_recording(shown, rng))
    return folder


def eeg2_recording(shown, rng):
    """Make noise that is correlated over channels and in time, with responses."""
    gaps = np.where(np.arange(len(shown)) % 20 == 0, 1500, 200)
    onsets = np.cumsum(gaps)
    data = np.zeros((64, onsets[-1] + 1300))
    mixing = np.eye(63) + 0.3 * rng.normal(size=(63, 63)) / np.sqrt(63)
    walk = np.cumsum(rng.normal(size=(63, data.shape[1])), axis=1)
    walk -= 0.99 * np.roll(walk, 1, axis=1)
    data[:63] = 2e-6 * (mixing @ walk) + 1e-3 * rng.normal(size=(63, 1))
    for onset, condition in zip(onsets, shown, strict=True):
        topography = np.random.RandomState(condition).normal(size=(63, 1))
        data[:63, onset + 80 : onset + 180] += 5e-6 * topography
        data[63, onset : onset + 20] = condition
    return dict(
        raw_eeg_data=data,
        ch_names=EEG2_CHANNELS,
        ch_types=["eeg"] * 63 + ["stim"],
        sfreq=1000,
        highpass=0.01,
        lowpass=100.0,
    )

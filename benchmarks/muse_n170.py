"""Faces against houses in real EEG: our decoder beside a plain linear classifier.

    python benchmarks/muse_n170.py --data <folder of muse_n170> --out <new BIDS root>

Four people saw faces and houses and wore a Muse headband (TP9, AF7, AF8, TP10;
NeuroTechX/eeg-notebooks, BSD-3). Which picture a trial showed was not recorded, only
its class: ``stim_file`` names the folder of the class, and retrieval is among two
classes, with chance at 50 %. Both sides get the same trials, and every trial is
decoded by a model that has not seen its run (a person with one run: its fifth).
Preprocessing is the published one: 1-30 Hz, -0.1 to 0.6 s, no baseline correction,
epochs that exceed 75 uV from peak to peak are dropped.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import mne
import numpy as np
import pandas as pd
from mne_bids import BIDSPath, make_dataset_description, write_raw_bids
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, LeaveOneGroupOut, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mne_shallowalign import ShallowAlignDecoder, load_backbone
from mne_shallowalign.datasets import load_bids
from mne_shallowalign.retrieval import proportion_interval

SFREQ = 256.0
CHANNELS = ["TP9", "AF7", "AF8", "TP10"]
CLASSES = {1: "houses", 2: "faces"}  # as Marker0 codes them
COLUMNS = {
    "trial_type": "The class of the picture",
    "stim_file": "The folder of the class; which of its pictures is not known",
    "concept": "The class of the picture",
}
PREPROCESSING = dict(
    tmin=-0.1,
    tmax=0.6,
    baseline=None,
    l_freq=1.0,
    h_freq=30.0,
    sfreq=64.0,
    reject=dict(eeg=75e-6),
)


def convert(data: Path, out: Path) -> list[str]:
    """Write the recordings as BIDS with their pictures; return the subjects."""
    for name in CLASSES.values():
        shutil.copytree(data / "stimuli" / "face_house" / name, out / "stimuli" / name)
    make_dataset_description(
        path=out,
        name="N170 with a Muse headband, from NeuroTechX/eeg-notebooks",
        data_license="BSD-3-Clause; pictures CC BY-SA 3.0 (Haxby et al., 2001)",
        authors=["NeuroTechX"],
    )
    subjects = [
        folder.name.removeprefix("sub-") for folder in sorted(data.glob("sub-*"))
    ]
    for subject in subjects:
        files = sorted((data / f"sub-{subject}").glob("*.csv.gz"), key=_recorded_at)
        for number, fname in enumerate(files, start=1):
            write_run(
                fname,
                BIDSPath(
                    subject=subject,
                    task="n170",
                    run=f"{number:02d}",
                    datatype="eeg",
                    root=out,
                ),
            )
    return subjects


def _recorded_at(fname: Path) -> str:
    return fname.name.split("_")[1]


def write_run(fname: Path, bids_path: BIDSPath) -> None:
    """Write one recording: microvolts to volts, markers to events."""
    table = pd.read_csv(fname)
    # Packets arrive in bursts, so time stamps jitter; no sample may be lost, though.
    late = table["timestamps"] - table["timestamps"][0] - table.index / SFREQ
    if late.abs().max() > 0.1:
        raise ValueError(f"{fname}: samples are missing ({late.abs().max():.2f} s)")
    info = mne.create_info(CHANNELS, SFREQ, "eeg").set_montage("easycap-M1")
    info["line_freq"] = 60
    raw = mne.io.RawArray(1e-6 * table[CHANNELS].to_numpy().T, info)
    samples = np.flatnonzero(table["Marker0"])
    markers = table["Marker0"].to_numpy(int)[samples]
    names = [CLASSES[marker] for marker in markers]
    write_raw_bids(
        raw,
        bids_path,
        events=np.c_[samples, np.zeros_like(samples), markers],
        event_id={name: marker for marker, name in CLASSES.items()},
        event_metadata=pd.DataFrame(dict.fromkeys(COLUMNS, names)),
        extra_columns_descriptions=COLUMNS,
        format="BrainVision",
        allow_preload=True,
    )


def splits(epochs: mne.BaseEpochs) -> list[tuple[np.ndarray, np.ndarray]]:
    """Leave one run out; of a single run, one fifth that is contiguous in time."""
    runs = epochs.metadata["run"]
    if runs.nunique() > 1:
        return list(LeaveOneGroupOut().split(runs, groups=runs))
    return list(KFold(5).split(runs))


def linear_baseline(epochs: mne.BaseEpochs) -> np.ndarray:
    """Score every trial with a shrinkage LDA of its samples: how much like a face."""
    classifier = make_pipeline(
        StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    )
    signal = epochs.get_data(copy=False).reshape(len(epochs), -1)
    faces = epochs.metadata["image"] == "faces"
    return cross_val_predict(
        classifier, signal, faces, cv=splits(epochs), method="decision_function"
    )


def shallow_alignment_score(
    epochs: mne.BaseEpochs, decoder: ShallowAlignDecoder
) -> np.ndarray:
    """Score every trial by its similarity to the faces less that to the houses."""
    images = epochs.metadata["image"].to_numpy()
    scores = np.zeros(len(epochs))
    for train, test in splits(epochs):
        decoder.fit(epochs[train], images[train])
        to_faces, to_houses = decoder.decision_function(
            epochs[test], gallery=["faces", "houses"]
        ).T
        scores[test] = to_faces - to_houses
    return scores


def report(name: str, scores: np.ndarray, epochs: mne.BaseEpochs) -> None:
    """Print how many trials got the right class, and the area under the ROC curve."""
    faces = (epochs.metadata["image"] == "faces").to_numpy()
    n_right = int(np.sum((scores > 0) == faces))
    low, high = proportion_interval(n_right, len(faces))
    print(
        f"  {name:<28} {n_right / len(faces):6.1%}  [{low:.1%}, {high:.1%}]  "
        f"AUC {roc_auc_score(faces, scores):.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--backbone", default="gabor/v1")
    parser.add_argument("--weights", default="hub", help="a local file, or hub")
    parser.add_argument("--layers", nargs="*", type=int, help="numbers from 1")
    args = parser.parse_args()
    mne.set_log_level("error")
    if not args.out.exists():
        convert(args.data, args.out)
    backbone = load_backbone(args.backbone, weights=args.weights)
    layers = args.layers or range(1, len(backbone.layers) + 1)
    for folder in sorted(args.out.glob("sub-*")):
        epochs = load_bids(args.out, folder.name, **PREPROCESSING)
        n_runs = epochs.metadata["run"].nunique()
        print(f"{folder.name}: {len(epochs)} trials, {n_runs} runs, chance 50 %")
        report("linear (LDA)", linear_baseline(epochs), epochs)
        for layer in layers:
            decoder = ShallowAlignDecoder(
                backbone, layer, image_root=args.out / "stimuli", random_state=0
            )
            name = backbone.resolve(layer)
            report(f"ours, {name}", shallow_alignment_score(epochs, decoder), epochs)


if __name__ == "__main__":
    main()

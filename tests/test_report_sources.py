"""The report says the same of a result, whatever it came in."""

from __future__ import annotations

import contextlib
import html
import re

import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from mne_shallowalign import (
    LayerSearchCV,
    ShallowAlignDecoder,
    _report_sensors,
    make_report,
)
from mne_shallowalign._evaluation import evaluate
from mne_shallowalign._evaluation_folder import write_evaluation
from mne_shallowalign._report_words import percent
from mne_shallowalign.inspection import saliency
from mne_shallowalign.preprocessing import MVNNWhitener


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((80, 3, 4))
    X = (features[:, 1] @ rng.standard_normal((4, 10))).reshape(80, 2, 5)
    return X + 0.5 * rng.standard_normal(X.shape), features


@pytest.fixture(scope="module")
def decoder(data):
    X, features = data
    return _decoder(layer=2).fit(X[:60], features[:60])


def _decoder(**params):
    settings = {"n_components": 4, "lr": 1e-2, "max_epochs": 40, "random_state": 0}
    return ShallowAlignDecoder(device="cpu", **settings | params)


def _page(report, tmp_path):
    report.save(tmp_path / "page.html", open_browser=False, verbose=False)
    assert not plt.get_fignums()
    return html.unescape((tmp_path / "page.html").read_text(encoding="utf-8"))


def _titles(report):
    return [element.name for element in report._content]


def test_without_provenance_it_says_what_is_known(decoder, data, tmp_path):
    def table(report):
        page = _page(report, tmp_path)
        (tmp_path / "page.html").unlink()
        return dict(re.findall("<tr><th>(.*?)</th><td>(.*?)</td></tr>", page))

    X, features = data
    said = table(make_report(decoder))
    assert said["training: pictures"] == "60"
    assert said["time samples"] == "5"
    assert "provenance={'dataset': ..., 'split': ...}" in said["not said"]
    metadata = pd.DataFrame({"subject": ["01", "02"] * 10})
    info = mne.create_info(["Fz", "Cz"], 50.0, "eeg")
    epochs = mne.EpochsArray(X[60:], info, tmin=-0.02, metadata=metadata)
    fitted = _decoder(layer=2, max_epochs=1)
    fitted.fit(mne.EpochsArray(X[:60], info), features[:60])
    shown = features[60:].copy()
    shown[1] = shown[0]
    said = table(make_report(fitted, epochs=epochs, images=shown))
    assert said["channels"] == "2 eeg"
    assert said["sampling rate"] == "50 Hz"
    assert (said["test: trials"], said["test: pictures"]) == ("20", "19")
    assert said["test: window"] == "-0.02 to 0.06 s"
    assert said["test: subjects"] == "01, 02"
    given = make_report(decoder, epochs=X[60:], images=shown, provenance={"a": 1})
    assert "not said" not in table(given)


def test_a_decoder_is_tested(decoder, data, tmp_path):
    X, features = (part[60:] for part in data)
    report = make_report(decoder, epochs=X, images=features)
    page = _page(report, tmp_path)
    top1 = decoder.score(X, features)
    assert f"picks the right picture out of 20, {percent(top1)} of the" in page
    assert _titles(report)[:5] == [
        "Result",
        "Metrics",
        "Similarity",
        "Shared space",
        "Training",
    ]
    alts = re.findall('<img class="figure-img[^>]*alt="([^"]*)"', page)
    assert len(alts) == 3
    first, *_, last = decoder.history_[:, "train_loss"]
    assert f"from {first:.2f} to {last:.2f} nats in 40 epochs" in alts[2]


def test_a_decoder_alone_is_not_said_to_be_tested(decoder, tmp_path):
    report = make_report(decoder)
    assert "It was not tested here" in _page(report, tmp_path)
    assert "Metrics" not in _titles(report)


def test_fused_layers_have_weights(data):
    X, features = data
    fitted = _decoder(layer=[1, 2], fusion="learned", max_epochs=2)
    assert "Layer weights" in _titles(make_report(fitted.fit(X, features)))


@pytest.mark.parametrize("fusion", ["mean", "learned"])
def test_a_layer_that_was_chosen_is_said_to_be(data, tmp_path, fusion):
    X, features = data
    auto = _decoder(layer="auto", fusion=fusion, max_epochs=2).fit(X, features)
    page = _page(make_report(auto), tmp_path)
    assert "auto, of 3 layers" in page
    given = _decoder(layer=2, max_epochs=2).fit(X, features)
    (tmp_path / "page.html").unlink()
    assert "layer_rule" not in _page(make_report(given), tmp_path)


def test_a_search_says_where_its_scores_come_from(data, tmp_path):
    X, features = data
    search = LayerSearchCV(_decoder(), cv=3).fit(X[:60], features[:60])
    report = make_report(search, epochs=X[60:], images=features[60:])
    page = _page(report, tmp_path)
    assert f"Layer {search.best_layer_} was chosen of 3 by mean rank" in page
    assert "held out in 3 folds" in page
    assert "The decoder picks the right picture out of 20" in page
    assert {"Layer curve", "Metrics"} <= set(_titles(report))
    assert "95 % interval, top-1" not in page  # of folds it is no such interval


def test_a_folder_of_an_evaluation(decoder, data, tmp_path):
    X, features = (part[60:] for part in data)
    (tmp_path / "results").mkdir()
    found = evaluate(decoder, X, features)
    write_evaluation(tmp_path / "results", found, {"dataset": "mine"})
    page = _page(make_report(tmp_path / "results"), tmp_path)
    assert f"{percent(decoder.score(X, features))} of the time" in page
    assert "<th>dataset</th><td>mine</td>" in page


@pytest.mark.parametrize(
    ("results", "options", "error", "words"),
    [
        (_decoder(), {}, NotFittedError, "not fitted"),
        (3, {}, TypeError, "got int"),
        ("nowhere", {}, FileNotFoundError, "nowhere"),
        (pd.DataFrame({"layer": []}), {}, ValueError, "lacks the column"),
    ],
)
def test_what_is_no_result_is_refused(results, options, error, words):
    with pytest.raises(error, match=words):
        make_report(results, **options)


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="There are no results"):
        make_report(tmp_path)


def test_epochs_need_images(decoder, data):
    with pytest.raises(ValueError, match="images is needed"):
        make_report(decoder, epochs=data[0])


def test_behind_a_whitener_the_map_is_of_the_sensors(data, monkeypatch):
    X, features = data
    info = mne.create_info(["Fz", "Cz"], 50.0, "eeg")
    epochs = mne.EpochsArray(X * 1e-6, info, verbose=False)
    whitener = MVNNWhitener(by=None).fit(epochs[:60])
    white = whitener.transform(epochs)
    decoder = _decoder(layer=2).fit(white[:60], features[:60])
    drawn = []
    monkeypatch.setattr(_report_sensors, "_draw_channels", lambda a: _note(drawn, a))
    test, images = epochs[60:], features[60:]
    report = make_report(decoder, epochs=test, images=images, whitener=whitener)
    other = make_report(decoder, epochs=white[60:], images=images)
    at_sensors = saliency(decoder, test, images, whitener=whitener)
    np.testing.assert_array_equal(drawn[0].data, at_sensors.data)
    assert not np.allclose(drawn[0].data, drawn[1].data)
    assert _metrics(report) == _metrics(other)


def _note(drawn, added):
    drawn.append(added)
    return plt.figure()


def _metrics(report):
    (table,) = (one.html for one in report._content if one.name == "Metrics")
    return re.findall("<td>(.*?)</td>", table)


@pytest.mark.parametrize(("n_known", "width"), [(0, 8), (7, 8), (7, 2), (0, 2)])
def test_a_test_on_training_pictures_says_so(n_known, width, tmp_path):
    """However they are given: here, as other numbers of the same features."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, width)).astype(np.float32)
    X = 1e-6 * features @ rng.standard_normal((width, 40)).astype(np.float32)
    X = X.reshape(60, 4, 10)
    decoder = _decoder(solver="ridge").fit(X[:40], features[:40])
    test = slice(40 - n_known, 60)
    expected = (
        pytest.warns(RuntimeWarning, match=f"with {n_known} of these {20 + n_known}")
        if n_known
        else contextlib.nullcontext()
    )
    with expected:
        report = make_report(
            decoder, epochs=X[test], images=features[test].astype(np.float64)
        )
    found = "no score of new pictures" in _page(report, tmp_path)
    assert found == (n_known > 0)


def test_one_feature_does_not_tell_pictures_apart(tmp_path):
    rng = np.random.default_rng(0)
    X, features = rng.standard_normal((60, 4, 10)), rng.standard_normal((60, 1))
    decoder = _decoder(solver="ridge").fit(X[:40], features[:40])
    make_report(decoder, epochs=X[40:], images=features[40:])  # a warning is an error


def test_epochs_have_a_map_of_what_was_used(tmp_path):
    """Of the one channel and the two samples that the simulated signal is at."""
    rng = np.random.default_rng(0)
    features = rng.standard_normal((300, 2))
    X = 1e-6 * 0.1 * rng.standard_normal((300, 3, 20))
    X[:, 1, 12:14] += 1e-6 * features
    info = mne.create_info(["Oz", "Pz", "Cz"], 100.0, "eeg")
    epochs = mne.EpochsArray(X, info, tmin=-0.05, verbose=False)
    decoder = _decoder(solver="ridge").fit(epochs[40:], features[40:])
    page = _page(
        make_report(decoder, epochs=epochs[:40], images=features[:40]), tmp_path
    )
    assert re.search(r"the largest value is at Pz, 0\.0[78] s after picture", page)
    assert "Saliency, topographies" not in page  # nobody told where the sensors are
    epochs.set_montage("biosemi64")
    report = make_report(decoder, epochs=epochs[:40], images=features[:40])
    assert "Saliency, topographies" in _titles(report)
    assert not plt.get_fignums()

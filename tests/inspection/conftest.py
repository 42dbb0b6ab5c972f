"""A recording whose active sensors and latency are known, and decoders of it."""

from __future__ import annotations

import pytest
from sensor_simulation import make_decoder, simulate


@pytest.fixture(scope="session")
def recording():
    return simulate()


@pytest.fixture(scope="session", params=["ridge", "eegproject"])
def fitted(request, recording):
    epochs, features = recording
    return make_decoder(request.param).fit(epochs[:300], features[:300])

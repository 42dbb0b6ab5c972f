from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import open_clip
import pytest
from safetensors.torch import save_file

TEXT = {"context_length": 8, "vocab_size": 16, "width": 8, "heads": 1, "layers": 1}
VISION = {
    "tiny-vit": {"image_size": 32, "layers": 4, "width": 64, "patch_size": 8},
    "tiny-resnet": {"image_size": 64, "layers": [1, 2, 1, 1], "width": 16},
    "tiny-timm": {
        "image_size": 224,
        "timm_model_name": "convnext_atto",
        "timm_pool": "",
        "timm_proj": "linear",
    },
}


@pytest.fixture(scope="session", autouse=True)
def _tiny_clips(tmp_path_factory):
    """CLIP models of the smallest kind, beside those that open_clip knows."""
    folder = tmp_path_factory.mktemp("clips")
    for name, vision in VISION.items():
        config = {"embed_dim": 24, "vision_cfg": vision, "text_cfg": TEXT}
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)


@pytest.fixture
def save_shards():
    """Save as the hub has it: some shards, and the index of their tensors."""

    def save_shards(state, folder, n_shards=3):
        names = list(state)
        size = -(-len(names) // n_shards)
        weight_map = {}
        for i in range(n_shards):
            file = f"model-{i + 1:05}-of-{n_shards:05}.safetensors"
            part = {name: state[name] for name in names[i * size : (i + 1) * size]}
            save_file(part, folder / file, metadata={"format": "pt"})
            weight_map |= dict.fromkeys(part, file)
        total = sum(tensor.nbytes for tensor in state.values())
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
        return folder

    return save_shards


class Hub:
    """A hub on this machine, with the client's cache in a folder of its own.

    ``commits`` maps each commit to its files; ``main`` is where the branch is now.
    """

    def __init__(self, cache):
        self.cache = cache
        self.commits = {}
        self.main = None
        self.requests = []

    def commit(self, repo, files):
        """Put a new commit on the branch ``main``."""
        sha = hashlib.sha1(repr((repo, sorted(files), self.main)).encode()).hexdigest()
        self.commits[repo, sha] = files
        self.main = sha
        return sha

    def answer(self, path):
        """Find the commit and the contents behind ``/repo/resolve/revision/file``."""
        repo, _, rest = path.removeprefix("/").partition("/resolve/")
        revision, _, name = rest.partition("/")
        sha = self.main if revision == "main" else revision
        self.requests.append((revision, name))
        return sha, self.commits.get((repo, sha), {}).get(name)


@pytest.fixture
def hub(tmp_path_factory, monkeypatch):
    """A hub on the loopback device that the client is told to use."""
    served = Hub(tmp_path_factory.mktemp("hub"))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            sha, contents = served.answer(self.path)
            self.send_response(404 if contents is None else 200)
            if contents is None:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Repo-Commit", sha)
            contents = contents or b""
            self.send_header("ETag", f'"{hashlib.sha256(contents).hexdigest()}"')
            self.send_header("Content-Length", str(len(contents)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(contents)

        do_HEAD = do_GET

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    settings = {
        "HF_HUB_CACHE": str(served.cache),
        "HF_HUB_OFFLINE": False,
        "HF_HUB_DISABLE_SYMLINKS_WARNING": True,
        "ENDPOINT": address,
        "HUGGINGFACE_CO_URL_TEMPLATE": address
        + "/{repo_id}/resolve/{revision}/{filename}",
    }
    for name, value in settings.items():
        monkeypatch.setattr(f"huggingface_hub.constants.{name}", value)
    yield served
    server.shutdown()
    server.server_close()
    thread.join()

"""Of examples that need downloads, and are not run: what they call is there."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SHOWN = sorted((EXAMPLES / "recordings").glob("*.py"))


def _imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(node.module)
            yield from (
                (alias.name, getattr(module, alias.name)) for alias in node.names
            )


@pytest.mark.parametrize("script", SHOWN, ids=lambda script: script.stem)
def test_calls_of_shown_examples_fit_the_signatures(script):
    tree = ast.parse(script.read_text(encoding="utf-8"))
    imported = dict(_imported(tree))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) in imported
    ]
    assert calls
    for call in calls:
        keywords = {keyword.arg: None for keyword in call.keywords}
        signature = inspect.signature(imported[call.func.id])
        signature.bind(*[None] * len(call.args), **keywords)


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*.py")), ids=lambda s: s.stem)
def test_examples_are_run_when_the_documentation_is_built(script):
    assert script.stem[:2].isdigit()
    assert script.stem[2] == "_"
    opening = ast.get_docstring(ast.parse(script.read_text(encoding="utf-8")))
    assert "ou learn" in " ".join(opening.split())

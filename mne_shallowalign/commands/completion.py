"""``mne-shallowalign completion``: what the Tab key knows."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ._arguments import parse_folder

SUMMARY = "Print the script that lets a shell complete this command."
EXAMPLES = """\
examples:
  mne-shallowalign completion bash > ~/.local/share/bash-completion/completions/mne-shallowalign
  mne-shallowalign completion zsh > ~/.zfunc/_mne-shallowalign
      with fpath+=~/.zfunc before compinit in ~/.zshrc
  mne-shallowalign completion fish > ~/.config/fish/completions/mne-shallowalign.fish

needs the package shtab: pip install "mne-shallowalign[completion]"
"""  # noqa: E501
_SHELLS = ("bash", "zsh", "fish")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument("shell", choices=_SHELLS, help="the shell to complete in")


def run(args: argparse.Namespace) -> None:
    """Print.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    from .main import make_parser

    try:
        import shtab
    except ImportError as error:
        raise ImportError(
            "Completion needs the package shtab: pip install "
            '"mne-shallowalign[completion]"'
        ) from error
    parser = make_parser()
    for action in _paths(parser):
        action.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab reads it
    print(shtab.complete(parser, shell=args.shell))


def _paths(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Find the options that take a file or a folder."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _paths(command)
        elif action.type in (Path, parse_folder):
            yield action

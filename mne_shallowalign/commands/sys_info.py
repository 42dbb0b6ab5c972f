"""``mne-shallowalign sys-info``."""

from __future__ import annotations

import argparse

SUMMARY = "Print versions and machine, for a bug report."
EXAMPLES = """\
examples:
  mne-shallowalign sys-info
  mne-shallowalign sys-info --developer
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        The parser of the command.
    """
    parser.add_argument(
        "--developer",
        action="store_true",
        help="add the packages that only development needs",
    )


def run(args: argparse.Namespace) -> None:
    """Print.

    Parameters
    ----------
    args : argparse.Namespace
        The options.
    """
    from .._provenance import sys_info

    sys_info(developer=args.developer)

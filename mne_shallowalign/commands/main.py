"""The ``mne-shallowalign`` command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence

# Each is a module of this package with SUMMARY, EXAMPLES, add_arguments and run.
COMMANDS = {
    "demo": "demo",
    "datasets": "datasets",
    "fetch": "fetch",
    "extract": "extract",
    "fit": "fit",
    "evaluate": "evaluate",
    "report": "report",
    "backbones": "backbones",
    "reproduce": "reproduce",
    "cache": "cache",
    "completion": "completion",
    "sys-info": "sys_info",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Parameters
    ----------
    argv : sequence of str | None
        The arguments; None (default) takes those of the process.

    Returns
    -------
    code : int
        0 if all went well, 1 if it failed. Wrong usage exits with 2, as argparse
        does.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    args = make_parser().parse_args(argv, argparse.Namespace(argv=argv))
    import mne

    mne.set_log_level("INFO" if args.verbose else "WARNING")
    try:
        args.run(args)
        sys.stdout.flush()
    except BrokenPipeError:  # of ``| head``, which has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return _fail(args.name, "interrupted")
    except Exception as error:
        if args.debug:
            traceback.print_exc()
            return 1
        return _fail(args.name, _one_line(error))
    return 0


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all subcommands.

    Returns
    -------
    parser : argparse.ArgumentParser
        The parser.
    """
    parser = argparse.ArgumentParser(
        prog="mne-shallowalign",
        description="Retrieve the picture that a person saw from their M/EEG.",
    )
    parser.add_argument("--version", action="version", version=_version())
    subparsers = parser.add_subparsers(required=True, metavar="command")
    for name, module in COMMANDS.items():
        command = importlib.import_module(f".{module}", __package__)
        subparser = subparsers.add_parser(
            name,
            help=command.SUMMARY,
            description=command.SUMMARY,
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(subparser)
        _add_common_arguments(subparser)
        subparser.set_defaults(run=command.run, name=name, usage_error=subparser.error)
    return parser


def _add_common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="say what is being done")
    parser.add_argument(
        "--debug", action="store_true", help="show where an error comes from"
    )


def _version() -> str:
    from .. import __version__

    return f"mne-shallowalign {__version__}"


def _fail(name: str, message: str) -> int:
    print(f"mne-shallowalign {name}: error: {message}", file=sys.stderr)
    return 1


def _one_line(error: Exception) -> str:
    message = " ".join(str(error).split()) or type(error).__name__
    return f"{message} (--debug shows where)"


if __name__ == "__main__":
    sys.exit(main())

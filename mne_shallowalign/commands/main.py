"""The ``mne-shallowalign`` command."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import NoReturn

from ._stopping import Stopped, stoppable
from ._wording import in_options, is_about_options

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
        0 if all went well, 1 if it failed, 2 if a value was wrong, 130 after Ctrl-C,
        141 if nobody reads on and 128 more than the number of another signal that
        stopped it. Usage that the parser refuses exits with 2, as argparse does.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    args = make_parser().parse_args(argv, argparse.Namespace(argv=argv))
    try:
        with stoppable():
            return _run(args)
    except KeyboardInterrupt:
        return _fail(args.name, "interrupted", 130)
    except Stopped as stopped:
        return _fail(args.name, f"stopped by {stopped.name}", int(str(stopped.code)))


def _run(args: argparse.Namespace) -> int:
    import mne

    mne.set_log_level("INFO" if args.verbose else "WARNING")
    try:
        args.run(args)
    except Exception as error:
        # a line more shows whether it was the pipe of standard output
        if isinstance(error, BrokenPipeError) and not _print_through("\n"):
            return 141
        message, code = _explain(error, args)
        if args.debug:
            traceback.print_exc()
            return code
        return _fail(args.name, f"{message} (--debug shows where)", code)
    _print_through()
    return 0


def _print_through(text: str = "") -> bool:
    """Print all there is; tell whether anybody reads it, and if not, be quiet."""
    try:
        print(end=text, flush=True)
    except BrokenPipeError:  # of ``| head``, which has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def _explain(error: Exception, args: argparse.Namespace) -> tuple[str, int]:
    """Say in one line what went wrong; with the code, whether it was the call."""
    message = " ".join(str(error).split()) or type(error).__name__
    settings = dict(
        pair for pairs in getattr(args, "set", None) or () for pair in pairs
    )
    options = args.options | {name: f"--set {name}" for name in settings}
    message = in_options(message, options)
    wrong_call = isinstance(error, (TypeError, ValueError)) and is_about_options(
        message, options
    )
    return message, 2 if wrong_call else 1


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, as all errors of the command are."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (--help shows the options)\n")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        _print_through()
        super().exit(status, message)


def make_parser() -> argparse.ArgumentParser:
    """Make the parser of all subcommands.

    Returns
    -------
    parser : argparse.ArgumentParser
        The parser.
    """
    parser = _Parser(
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
        subparser.set_defaults(
            run=command.run,
            name=name,
            usage_error=subparser.error,
            options=_options(subparser),
        )
    return parser


def _add_common_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="say what is being done")
    parser.add_argument(
        "--debug", action="store_true", help="show where an error comes from"
    )


def _options(parser: argparse.ArgumentParser) -> dict[str, str]:
    """Name every option, or positional argument, by its attribute."""
    return {
        action.dest: (action.option_strings or [str(action.metavar or action.dest)])[0]
        for action in parser._actions
        if action.dest != "help"
    }


def _version() -> str:
    from .. import __version__

    return f"mne-shallowalign {__version__}"


def _fail(name: str, message: str, code: int) -> int:
    print(f"mne-shallowalign {name}: error: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

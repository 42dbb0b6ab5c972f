"""What Python says of its arguments, in the words of the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Arguments of Python that the command knows by another name, as attributes of the
# namespace of argparse.
_OTHERS = {
    "backbones": ("backbone",),
    "fname": ("decoder", "results"),
    "image_root": ("stimuli",),
    "random_state": ("seed",),
    "root": ("bids_root",),
    "run": ("runs",),
    "seeds": ("n_seeds",),
    "subjects": ("subject",),
    "view": ("views",),
}
_VALUE = r"'[^']*'|\"[^\"]*\"|[\[(][^])]*[])]|[^\s,;:]+"
_VERB = re.compile(r" (must|has|needs|is|was|==) ")


def in_options(message: str, options: Mapping[str, str]) -> str:
    """Put options in the place of arguments of Python.

    Parameters
    ----------
    message : str
        The message of an error, such as ``"hold_out='run' needs two runs."``.
    options : mapping of str to str
        The options of the command by their attribute, such as
        ``{"hold_out": "--hold-out"}``.

    Returns
    -------
    message : str
        The same of options: ``"--hold-out run needs two runs."``.
    """
    known = _by_argument(options)
    names = "|".join(sorted(known, key=len, reverse=True))

    def replace(found: re.Match[str]) -> str:
        name, value = found.groups()
        if value is not None:
            return f"{known[name]} {_bare(value)}"
        is_subject = not found.start() and _VERB.match(message, found.end())
        return known[name] if is_subject or "_" in name else name

    message = re.sub(
        rf"^Unknown ({names})( \w+)? '([^']*)'\.",
        lambda m: f"{known[m[1]]}{m[2] or ''} {m[3]} is unknown.",
        message,
    )
    return re.sub(
        rf"(?<![\w.'(-])({names})(?:=({_VALUE})|(?![\w=('-]))", replace, message
    )


def is_about_options(message: str, options: Mapping[str, str]) -> bool:
    """Tell whether an error is about what was typed.

    Parameters
    ----------
    message : str
        What :func:`in_options` returned.
    options : mapping of str to str
        The options of the command.

    Returns
    -------
    about : bool
        Whether it begins with one of them.
    """
    return any(message.startswith(f"{option} ") for option in options.values())


def _by_argument(options: Mapping[str, str]) -> dict[str, str]:
    others = {
        name: options[other]
        for name, candidates in _OTHERS.items()
        for other in candidates
        if other in options
    }
    return {**others, **options}


def _bare(value: str) -> str:
    """Write a value as it is typed: without quotes, a list with commas."""
    return re.sub(r"['\"\[\]()]|(?<=,) ", "", value).rstrip(",")

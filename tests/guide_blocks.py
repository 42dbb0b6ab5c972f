"""The pages that tell users what to type, and the blocks that they type."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
_FILES = (
    ROOT / "README.rst",
    ROOT / "CONTRIBUTING.rst",
    *sorted((ROOT / "doc").glob("*.rst")),
    *sorted((ROOT / "doc" / "user_guide").glob("*.rst")),
)


def _name(path):
    name = path.relative_to(ROOT).with_suffix("").as_posix()
    return name.removeprefix("doc/").replace("user_guide/", "guide/")


PAGES = {_name(path): path for path in _FILES}
_DIRECTIVE = re.compile(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1 +.*\n|\n)+)", re.M)


class Block(NamedTuple):
    """Code of a page, or the text between two of its blocks if that has doctests."""

    page: str
    language: str
    line: int
    code: str


def read_blocks(page):
    """Read the blocks of a page in order, ``>>>`` examples among them."""
    text = PAGES[page].read_text(encoding="utf-8") + "\n"
    end = 0
    for found in _DIRECTIVE.finditer(text):
        yield from _examples(page, text, end, found.start())
        line = text.count("\n", 0, found.start(3)) + 1
        yield Block(page, found[2], line, _dedent(found[3]))
        end = found.end()
    yield from _examples(page, text, end, len(text))


def _examples(page, text, start, end):
    if ">>> " in text[start:end]:
        line = text.count("\n", 0, start) + 1
        yield Block(page, "doctest", line, text[start:end])


def _dedent(code):
    indent = len(code) - len(code.lstrip(" "))
    return re.sub(rf"^ {{{indent}}}", "", code, flags=re.M).rstrip() + "\n"


def pages_with(*languages):
    """List the pages that have blocks in one of the languages."""
    return [p for p in PAGES if any(b.language in languages for b in read_blocks(p))]


def is_listed(block, table):
    """Tell whether a table has the page and the beginning of a block."""
    keys = ((page, start) for page, start in table if page == block.page)
    return any(block.code.startswith(start) for _, start in keys)

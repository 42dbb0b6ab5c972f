"""Sphinx configuration: a build needs no network, warns of nothing, and is nitpicky."""

from __future__ import annotations

import os
import re
from importlib.metadata import version as installed_version
from pathlib import Path

import pandas as pd
from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.util import logging

HERE = Path(__file__).parent

# Examples keep their caches inside the build folder.
os.environ.setdefault("MNE_DATA", str(HERE / "_build" / "mne_data"))
os.environ.setdefault("MNE_LOGGING_LEVEL", "WARNING")
Path(os.environ["MNE_DATA"]).mkdir(parents=True, exist_ok=True)

project = "mne-shallowalign"
author = "mne-shallowalign contributors"
copyright = f"2026, {author}"
release = installed_version(project)
version = ".".join(release.split(".")[:2])
repository = "https://github.com/mne-shallowalign/mne-shallowalign"

extensions = [
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "sphinxcontrib.towncrier.ext",
]
bibtex_bibfiles = ["references.bib"]
exclude_patterns = ["_build", "_templates", "changes/devel"]
templates_path = ["_templates"]
default_role = "py:obj"
nitpicky = True
suppress_warnings = ["config.cache"]

# -- Links to other projects -----------------------------------------------------------
# Their inventories come over the network. Where there is none, their names are not
# links, and are not complained of; our own names are checked in any case.
if os.environ.get("DOCS_INTERSPHINX") == "1":
    intersphinx_mapping = {
        "joblib": ("https://joblib.readthedocs.io/en/stable/", None),
        "matplotlib": ("https://matplotlib.org/stable/", None),
        "mne": ("https://mne.tools/stable/", None),
        "mne_bids": ("https://mne.tools/mne-bids/stable/", None),
        "numpy": ("https://numpy.org/doc/stable/", None),
        "pandas": ("https://pandas.pydata.org/docs/", None),
        "PIL": ("https://pillow.readthedocs.io/en/stable/", None),
        "python": ("https://docs.python.org/3/", None),
        "scipy": ("https://docs.scipy.org/doc/scipy/", None),
        "skorch": ("https://skorch.readthedocs.io/en/stable/", None),
        "sklearn": ("https://scikit-learn.org/stable/", None),
        "torch": ("https://docs.pytorch.org/docs/stable/", None),
    }
else:
    nitpick_ignore_regex = [
        (
            r"py:.*",
            r"(joblib|mne|mne_bids|matplotlib|numpy|pandas|PIL|pathlib|scipy|skorch|"
            r"sklearn|sys|torch)(\..*)?",
        ),
        (r"std:ref", r"tut-logging"),  # of MNE's own text on ``verbose``
    ]

# -- Reference -------------------------------------------------------------------------
autodoc_typehints = "none"  # types are in the docstrings
autosummary_generate = True
numpydoc_show_class_members = False

# -- Change log ------------------------------------------------------------------------
towncrier_draft_autoversion_mode = "draft"
towncrier_draft_include_empty = True
towncrier_draft_working_directory = str(HERE.parent)

# -- Gallery ---------------------------------------------------------------------------
pd.set_option("display.max_colwidth", 80)  # of the tables that examples show
sphinx_gallery_conf = {
    "backreferences_dir": "generated/backreferences",
    "capture_repr": ("_repr_html_",),
    "copyfile_regex": r".*\.rst",
    "default_thumb_file": str(HERE / "_static" / "layer_curve.png"),
    "doc_module": (project.replace("-", "_"),),
    "examples_dirs": "../examples",
    "filename_pattern": r"/\d\d_",
    "gallery_dirs": "auto_examples",
    "only_warn_on_example_error": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "within_subsection_order": "FileNameSortKey",
}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# -- Pages -----------------------------------------------------------------------------
html_theme = "pydata_sphinx_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["style.css"]
html_logo = "_static/logo.svg"
html_favicon = "_static/logo.svg"
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "footer_end": [],
    "footer_start": ["copyright"],
    "github_url": repository,
    "header_links_before_dropdown": 6,
    "logo": {"text": project},
    "navbar_align": "left",
    "show_prev_next": False,
}
html_sidebars = {name: [] for name in ["index", "install", "benchmarks", "changes/*"]}


# -- Equations -------------------------------------------------------------------------
# As MathML, which every browser draws by itself: no script, no network.
html_math_renderer = "mathml"


def to_mathml(node, **options):
    tex = re.sub(r"\\([bB]igg?)(?![a-zA-Z])", r"\\\1l", node.astext())
    try:
        return tex2mathml(tex, **options)
    except MathError as error:
        logging.getLogger(__name__).warning("%s in %r", error, tex, location=node)
        return tex


def render_inline_math(writer, node):
    writer.body.append(to_mathml(node))
    raise nodes.SkipNode


def render_displayed_math(writer, node):
    writer.body.append(writer.starttag(node, "div", CLASS="math"))
    writer.body.append(to_mathml(node, as_block=True))
    if node["number"]:
        writer.body.append(f'<span class="eqno">({node["number"]})')
        writer.add_permalink_ref(node, "Link to this equation")
        writer.body.append("</span>")
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer(
        "mathml", (render_inline_math, None), (render_displayed_math, None)
    )

"""How Sphinx builds these pages: `make docs`; warnings are errors."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))
from flow_lexer import FlowLexer

project = "littleflow_redis"
author = copyright = "the littleflow_redis authors"
version = release = version_of("littleflow_redis")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_click", "sphinx_copybutton"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist"]
#: Headings down to this level can be linked to, as on the forges.
myst_heading_anchors = 3
#: Pages of the repository that stand outside of this folder are included by pages within it.
myst_links_external_new_tab = True

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_class_signature = "separated"
#: The prompt and the output of a console example are not copied.
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True

highlight_language = "text"

html_theme = "furo"
html_title = "littleflow_redis"
html_show_sphinx = False


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    for name in FlowLexer.aliases:
        app.add_lexer(name, FlowLexer)

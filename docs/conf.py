"""How the documentation is built: Markdown through Sphinx, every warning being an error."""

project = "Fieldstone"
author = "the Fieldstone authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["reference_pages", "site"]
nitpicky = True
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
# Commands of several lines have no colours: the lexer of `console` wants a second prompt, which
# could not be pasted into a shell.
suppress_warnings = ["misc.highlighting_failure"]
html_theme = "alabaster"
html_theme_options = {"description": "A metadata-driven CRM platform", "page_width": "1080px"}

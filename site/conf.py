"""How Sphinx makes the course's web site from what course_utils.maintenance.site
writes."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from course_utils.maintenance.site import course_address

project = "Deep learning, lecture 4: the companion"
html_title = project
extensions = ["myst_nb"]
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {}
myst_enable_extensions = ["amsmath", "attrs_block", "deflist", "dollarmath"]
myst_heading_anchors = 4
smartquotes = False
mathjax_path = "mathjax/tex-chtml-full.js"

html_theme = "sphinx_book_theme"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_search_summary = False  # it would fetch every page that it finds
html_theme_options = {
    "show_toc_level": 2,
    "use_fullscreen_button": False,
    "navbar_persistent": [],
    "max_navbar_depth": 1,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
if course_address():
    html_theme_options |= {
        "repository_url": course_address(),
        "repository_branch": "main",
        "path_to_docs": "notebooks",
        "use_repository_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }


class Folds(SphinxPostTransform):
    """A section of class ``fold`` opens with a click on its heading."""

    default_priority = 900

    def run(self, **kwargs):
        for section in self.document.findall(nodes.section):
            if "fold" in section["classes"]:
                opening = '<details class="fold"><summary>'
                section.insert(0, nodes.raw("", opening, format="html"))
                section.insert(2, nodes.raw("", "</summary>", format="html"))
                section.append(nodes.raw("", "</details>", format="html"))


def colab_opens_the_copies(app, page, template, context, doctree):
    """They have a first cell that fetches the course; see the workflow."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button["text"] == "Colab":
                button["url"] = button["url"].replace(
                    "/blob/main/notebooks/", "/blob/colab/"
                )


def setup(app):
    app.add_post_transform(Folds)
    app.connect("html-page-context", colab_opens_the_copies, priority=900)

"""What several test files need."""

import os

import nbformat
import pytest

from course_utils.maintenance import record


@pytest.fixture(scope="module", autouse=True)
def variables_as_before():
    """What a test file's calls set for TensorFlow must not reach the notebooks'
    kernels, which the same process starts."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def recorded():
    """Call it with a path, cells (id -> source) and a tag for the cell "tagged": that
    notebook, recorded."""

    def write(path, cells, tag):
        cells = [
            nbformat.v4.new_code_cell(
                source, id=name, metadata={"tags": [tag] if name == "tagged" else []}
            )
            for name, source in cells.items()
        ]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
        record.record(path)
        return path

    return write

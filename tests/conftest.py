"""What several test files need."""

import nbformat
import pytest

from course_utils.maintenance import record


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

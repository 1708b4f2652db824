"""A progress bar that is gone when the work is done: in a notebook it leaves nothing in
the stored file."""

import os
import uuid

from tqdm import tqdm

DELAY = 1  # seconds until a bar shows


class _Line:
    """A file for tqdm that is one line of a notebook's output; an empty text takes it
    away."""

    def __init__(self):
        self.id, self.shown = uuid.uuid4().hex, False

    def write(self, text):
        from IPython.display import display

        text = text.strip()
        if text or self.shown:
            display(
                {"text/plain": text} if text else {},
                raw=True,
                display_id=self.id,
                update=self.shown,
            )
            self.shown = bool(text) or self.shown

    def flush(self):
        """Nothing waits."""


def progress(work, description, unit):
    """A bar over pieces of work, with the time left; it shows after a second.

    Parameters
    ----------
    work : int or sequence
        The number of pieces, or the pieces themselves.
    description, unit : str

    Returns
    -------
    tqdm.tqdm
        Of a number, a context manager with `update(n)`; of a sequence, its pieces, one
        after the other. With the environment variable TQDM_DISABLE
        set it shows nothing.
    """
    number = isinstance(work, int)
    return tqdm(
        None if number else work,
        total=work if number else len(work),
        desc=description,
        unit=unit,
        delay=DELAY,
        leave=False,
        ncols=88,
        file=_Line() if _in_notebook() else None,
        bar_format=(
            "{desc}: {percentage:3.0f}% |{bar}| {elapsed} gone, {remaining} left"
        ),
        disable=bool(os.environ.get("TQDM_DISABLE")),
    )


def _in_notebook():
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")

"""Run inside a kernel: its variables as they were before each cell, to plant a fault
in the middle of a notebook without running again what stands before it."""

import copy
import sys

import numpy as np
from IPython import get_ipython

_before = {}  # cell -> variables
_changed = {}  # variables that the cells since the fault have made
_judged = []  # the closing table's rows
_GONE = object()


def _names():
    found = get_ipython().user_ns
    hidden = {"In", "Out", "exit", "quit", "get_ipython", "open"}
    return [n for n in found if not n.startswith("_") and n not in hidden]


def _own(value):
    """A copy of what a cell changes in place most often."""
    if isinstance(value, np.random.Generator):
        return copy.deepcopy(value)
    return value.copy() if type(value) in (list, dict, set) else value


def _verdicts():
    claims = sys.modules.get("course_utils.claims")
    return [claims._recorded, claims._values] if claims else []


def keep(cell):
    """Remember the variables before a cell."""
    found = get_ipython().user_ns
    _before[cell] = {name: _own(found[name]) for name in _names()}


def keep_verdicts():
    """Remember all verdicts."""
    _judged[:] = [dict(table) for table in _verdicts()]


def put_back(cell, first, unless=()):
    """The variables as they were before a cell, but those that a fault has reached.

    Parameters
    ----------
    cell : str
    first : bool
        Whether the fault is in this cell: then nothing has been reached yet.
    unless : collection of str
        Names that a cell without the fault has made anew since.
    """
    if first:
        _changed.clear()
        for table, kept in zip(_verdicts(), _judged):
            table.clear()
            table.update(kept)
    for name in unless:
        _changed.pop(name, None)
    found = get_ipython().user_ns
    for name in _names():
        del found[name]
    found.update({name: _own(value) for name, value in _before[cell].items()})
    for name, value in _changed.items():
        found.pop(name, None)
        if value is not _GONE:
            found[name] = value


def reached(names):
    """Note what a cell with a fault, or after one, has made of these names."""
    found = get_ipython().user_ns
    _changed.update({name: found.get(name, _GONE) for name in names})

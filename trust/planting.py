"""A pytest plugin that plants faults in the cells of a running notebook.

The notebook runs once as it is, with every cell compared. Then each fault is planted:
the variables are put back as they were before its cell, and the cell and all that
depend on it run again, up to the first that fails. When a cell has had its faults, the
same cells run without one: if that fails, what they said does not count (something was
changed in place), and their faults are tried anew, each in a kernel of its own.

A fault that nothing catches is confirmed in a whole run of the notebook from its
beginning, together with the other survivors, at most one in a cell.
"""

import json
import os
import time
from pathlib import Path

import nbformat
import pytest

from course_utils.grading import _names
from course_utils.maintenance.comparison import NumericFile, SolutionCell
from course_utils.maintenance.record import run_cell
from trust import snapshots

JOB = "PLANTED_FAULTS"  # the file that says what is to be done
CLEAN, CAUGHT, SURVIVED, UNSURE = "clean", "caught", "survived", "unsure"
BROKEN = "broken"  # the notebook fails without a fault
MODULE = "_snapshots"
LOAD = f"""import sys, types
sys.modules[{MODULE!r}] = types.ModuleType({MODULE!r})
exec(open({snapshots.__file__!r}).read(), sys.modules[{MODULE!r}].__dict__)
del sys, types"""


class Planter:
    """One run of one notebook.

    Parameters
    ----------
    job : dict
        mode: "here" (each fault in turn, in one kernel) or "whole" (all at once, from
        the beginning); faults: id, cell, old, new; answers: a file for a line of JSON
        for each.
    """

    def __init__(self, job):
        self.mode, self.answers = job["mode"], Path(job["answers"])
        self.faults, self.items, self.started = job["faults"], [], False
        self.seconds = time.monotonic()

    def say(self, fault, outcome, by="", seconds=0.0):
        """Append what became of a fault."""
        row = {"id": fault, "outcome": outcome, "by": by, "seconds": round(seconds, 1)}
        with self.answers.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")

    def pytest_collection_modifyitems(self, items):
        """Take note of the notebook's cells; the faults come after the last."""
        self.items = [item for item in items if isinstance(item.parent, NumericFile)]
        if self.mode == "here" and self.items:
            parent = self.items[0].parent
            items.append(FaultsItem.from_parent(parent, name="faults", planter=self))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        """Keep the variables before each cell, or plant what is asked for."""
        if item in self.items:
            if not self.started:
                self.started = True
                self._start(item.parent.client)
            if self.mode == "here":
                self.tell(f"keep({item.cell.id!r})")
        return (yield)

    def _start(self, client):
        self.client = client
        if self.mode == "here":
            self.scratch = len(client.nb.cells)
            client.nb.cells.append(nbformat.v4.new_code_cell(LOAD))
            run_cell(client, self.scratch)
            return
        for item in self.items:
            for fault in self.faults:
                if fault["cell"] == item.cell.id:
                    cell = client.nb.cells[item.index]
                    cell.source = planted(cell.source, fault)

    def pytest_runtest_logreport(self, report):
        """Where it fails first, with all faults or without any."""
        if report.failed:
            outcome = BROKEN if self.mode == "here" else CAUGHT
            own = [item.cell.id for item in self.items if item.nodeid == report.nodeid]
            self.say("", outcome, *own, seconds=time.monotonic() - self.seconds)

    def pytest_sessionfinish(self, exitstatus):
        """In a whole run: that nothing failed."""
        if self.mode == "whole" and exitstatus == 0:
            self.say("", SURVIVED, "", time.monotonic() - self.seconds)

    def tell(self, call):
        """Have something done with the kernel's variables."""
        cell = self.client.nb.cells[self.scratch]
        cell.source = f"__import__('sys').modules[{MODULE!r}].{call}"
        run_cell(self.client, self.scratch)

    # -- Each fault in turn ------------------------------------------------------------

    def plant_all(self):
        """Plant the faults, cell by cell."""
        self.tell("keep_verdicts()")
        cells = {item.cell.id: item for item in self.items}
        for place in dict.fromkeys(fault["cell"] for fault in self.faults):
            here = [fault for fault in self.faults if fault["cell"] == place]
            found, last = [], 0
            for fault in here:
                start = time.monotonic()
                at = self.try_one(cells[place], fault)
                found.append((fault["id"], at, time.monotonic() - start))
                if self.items[0].parent.timed_out:  # its kernel is gone
                    item = self.items[at]
                    self.say(fault["id"], CAUGHT, f"{item.cell.id}", found[-1][2])
                    found.pop()
                    break
                last = max(last, -1 if at is None else at)
            if self.items[0].parent.timed_out:
                for name, *_ in found:
                    self.say(name, UNSURE)
                return
            clean = self.try_one(cells[place], None, last) is None
            for name, at, seconds in found:
                if not clean:
                    self.say(name, UNSURE)
                elif at is None:
                    self.say(name, SURVIVED, "", seconds)
                else:
                    self.say(name, CAUGHT, self.items[at].cell.id, seconds)
            if not clean:
                return

    def try_one(self, first, fault, last=None):
        """Run a cell with a fault (or none) and what depends on it; the place of the
        first item that fails, None if none does.
        """
        cell = self.client.nb.cells[first.index]
        source = cell.source
        new = planted(source, fault) if fault else source
        reached, made_since = set(), set()
        try:
            cell.source = new
            for k, item in enumerate(self.items):
                if last is not None and k > max(last, self.items.index(first)):
                    return None
                needs, makes = self._names_of(item, new if item is first else None)
                again = item is first or needs & reached
                if not again and not (item.index > first.index and self._sums_up(item)):
                    if item.index > first.index:
                        reached -= makes
                        made_since |= makes
                    continue
                self.tell(f"put_back({item.cell.id!r}, {item is first}, {made_since})")
                made_since = set()
                if not self._passes(item):
                    return k
                if not isinstance(item, SolutionCell):
                    self.tell(f"reached({makes})")
                    reached |= makes
            return None
        finally:
            cell.source = source

    def _names_of(self, item, changed):
        needs, makes = _names(item.cell.source)
        if changed is not None:
            more = _names(changed)
            needs, makes = needs | more[0], makes | more[1]
        return needs, makes

    @staticmethod
    def _sums_up(item):
        """Whether a cell says again what others have judged."""
        return "closing_table(" in item.cell.source

    @staticmethod
    def _passes(item):
        item.comparison_traceback = []
        try:
            item.runtest()
        except pytest.skip.Exception:
            return True
        except Exception:  # the comparison's, or one that a strange output causes
            return False
        return True


class FaultsItem(pytest.Item):
    """After the last cell: the faults."""

    def __init__(self, planter, **others):
        super().__init__(**others)
        self.planter = planter

    def runtest(self):
        """Plant them: the notebook has passed without."""
        self.planter.plant_all()


def planted(source, fault):
    """A cell's code with a fault.

    Raises
    ------
    ValueError
        If the old text does not stand there exactly once.
    """
    if source.count(fault["old"]) != 1:
        raise ValueError(
            f"Fault {fault['id']}: its old text must stand exactly once in the cell"
            f" {fault['cell']}, not {source.count(fault['old'])} times. Anchor it anew."
        )
    return source.replace(fault["old"], fault["new"])


def pytest_configure(config):
    """Take the job from the file that the environment names."""
    job = json.loads(Path(os.environ[JOB]).read_text(encoding="utf-8"))
    config.pluginmanager.register(Planter(job))

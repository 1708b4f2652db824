"""Faults drawn at random from the notebooks' code: ``python -m trust.draw`` writes
``trust/drawn.csv``, the frozen sample.

Operators of cosmic-ray change arithmetic, comparisons, numbers, signs, logic and
loops. What it lacks is made here: swapped arguments, train for test, another axis,
another name or arm, a dropped statement, min for max, an exponent's sign.

The sample is drawn once, and not again after a notebook has changed because of it: a
fault is kept as the lines it changes, so it can be planted in later versions, too.
"""

import ast
import builtins
import csv
import random
import re
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

import nbformat
from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import MutationVisitor
from cosmic_ray.operators.provider import OperatorProvider

from course_utils.claims import NOTEBOOKS
from course_utils.maintenance.slides import in_plain_sight, tags
from trust.files import HERE

DRAWN = HERE / "drawn.csv"
SEED, EACH = 15, 18  # faults of each notebook
LESSON, EVIDENCE, DRAWING = "lesson", "evidence", "drawing"
SERVICE = {"closing-table", "exercises-solved"}

# cosmic-ray's operators, by what they do; not those that nobody types (x >> y)
OPERATORS = {
    "arithmetic": "ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Mul_Add"
    "|Pow_Mul|FloorDiv_Mul|Mod_FloorDiv)",
    "comparison": "ReplaceComparisonOperator_(Eq_NotEq|NotEq_Eq|Lt_LtE|Lt_Gt|LtE_Lt"
    "|LtE_GtE|Gt_GtE|Gt_Lt|GtE_Gt|GtE_LtE)",
    "number": "NumberReplacer",
    "logic": "AddNot|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr"
    "|ReplaceOrWithAnd|ReplaceUnaryOperator_Delete_(Invert|Not)",
    "sign": "ReplaceUnaryOperator_Delete_USub",
    "loop": "ReplaceBreakWithContinue|ReplaceContinueWithBreak|ZeroIterationForLoop",
}
OTHERS = {
    "min": "max",
    "argmin": "argmax",
    "minimum": "maximum",
    "mean": "sum",
    "any": "all",
    "zeros": "ones",
    "floor": "ceil",
    "cumsum": "cumprod",
    "vstack": "hstack",
}
OTHERS |= {b: a for a, b in OTHERS.items()}
EITHER_ORDER = {"max", "min", "maximum", "minimum", "allclose", "isclose", "print"}
# How a picture looks, not what it says: no faults are drawn there
LOOKS = set(
    "figsize fontsize size ms mew markersize lw linewidth linewidths ls color colors c"
    " ec fc mec mfc cmap zorder layout bbox bbox_to_anchor loc ha va rotation pad"
    " width_ratios height_ratios hspace wspace left right bottom top arrowprops"
    " xlim ylim zlim xticks yticks zticks margin gap fps capsize elinewidth"
    " columnspacing ncols ncol rcount ccount xytext weight aspect".split()
)
LAYOUT = {"subplots_adjust", "add_axes", "text", "annotate", "view_init", "legend"}
LAYOUT |= {"suptitle", "set_title", "tick_params", "margins", "subplots", "rstrip"}
CHOOSES = {"range", "arange", "linspace", "geomspace", "logspace", "seeds", "generator"}
SPLIT = re.compile(r"(.*)_(train|test|val)")
SHOWN_LAST = {"show", "play", "verdict", "print", "check", "interact", "setup"}


class Fault(NamedTuple):
    """A planted fault: in this cell `old`, which stands there once, becomes `new`."""

    id: str
    notebook: str
    cell: str
    part: str
    kind: str
    old: str
    new: str


class _Counter(Visitor):
    """Where an operator of cosmic-ray applies."""

    def __init__(self, operator):
        self.operator, self.places = operator, []

    def visit(self, node):
        self.places += self.operator.mutation_positions(node)
        return node


def parts_of(notebook):
    """Code cells in which faults are planted: cell -> lesson, evidence or drawing."""
    found = {}
    for cell, seen in zip(notebook.cells, in_plain_sight(notebook.cells)):
        if cell.cell_type != "code" or cell.id in SERVICE or "exercise" in tags(cell):
            continue
        draws = re.search(r"\b(plt|figures|play)\b", cell.source)
        folded = not seen or "hide-cell" in tags(cell)
        drawn = draws and "hide-input" in tags(cell)
        found[cell.id] = DRAWING if drawn else EVIDENCE if folded else LESSON
    return found


def variants(source, names=(), drawing=False):
    """All single changes of a cell's code.

    Parameters
    ----------
    source : str
    names : collection of str
        Names that the notebook's other cells make.
    drawing : bool
        Whether the cell draws: then what sets only looks is left alone, and so are
        numbers that choose no data.

    Returns
    -------
    dict of str to list of callable
        Kind -> functions that return the changed code.
    """
    tree = ast.parse(source)
    skipped = _skipped(tree, drawing)
    chosen = _spans(tree, _chooses_data) if drawing else [((0, 0), (10**6, 0))]
    found = {}
    provider = OperatorProvider()
    for kind, pattern in OPERATORS.items():
        for name in (n for n in provider if re.fullmatch(pattern, n)):
            operator = provider[name]()
            counter = _Counter(operator)
            counter.walk(get_ast(source))
            for occurrence, (start, _) in enumerate(counter.places):
                if _inside(start, skipped):
                    continue
                if kind == "number" and not _inside(start, chosen):
                    continue
                found.setdefault(kind, []).append(
                    lambda operator=operator, k=occurrence: MutationVisitor.mutate_code(
                        source, operator, k
                    )
                )
    for kind, span, text in _own(tree, source, set(names)):
        if not _inside(span[0], skipped):
            found.setdefault(kind, []).append(
                lambda span=span, text=text: _replace(source, span, text)
            )
    return found


# -- Places in the code ----------------------------------------------------------------


def _span(node):
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _inside(place, spans):
    return any(start <= place < end for start, end in spans)


def _spans(tree, wanted):
    return [_span(part) for node in ast.walk(tree) for part in wanted(node)]


def _skipped(tree, drawing):
    """Imports, texts; in drawings what sets only looks."""

    def looks(node):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        if drawing and isinstance(node, ast.Call) and _name(node.func) in LAYOUT:
            yield node
        if drawing and isinstance(node, ast.keyword) and node.arg in LOOKS:
            yield node.value
        if drawing and isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values):
                if isinstance(key, ast.Constant) and key.value in LOOKS:
                    yield value

    return _spans(tree, looks)


def _chooses_data(node):
    if isinstance(node, ast.Subscript):
        yield node.slice
    if isinstance(node, ast.Compare):
        yield node
    if isinstance(node, ast.Call) and _name(node.func) in CHOOSES:
        yield node


def _name(node):
    """`f` of f and of x.f."""
    return getattr(node, "id", None) or getattr(node, "attr", None)


def _offset(source, place):
    """The position in the text of a line and a column in bytes (ast's)."""
    lines = source.splitlines(keepends=True)
    line = lines[place[0] - 1].encode()[: place[1]].decode()
    return sum(map(len, lines[: place[0] - 1])) + len(line)


def _text(source, node):
    return ast.get_source_segment(source, node)


def _replace(source, span, text):
    start, end = (_offset(source, place) for place in span)
    return source[:start] + text + source[end:]


# -- What cosmic-ray lacks -------------------------------------------------------------


def _own(tree, source, names):
    """Kind, span and new text of each change."""
    yield from _swaps(tree, source)
    yield from _names(tree, source, names)
    yield from _arms(tree)
    yield from _dropped(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "axis":
            text = _text(source, node.value)
            if other := {"0": "1", "1": "0", "-1": "0", "2": "1", "-2": "-1"}.get(text):
                yield "axis", _span(node.value), other
        if isinstance(node, ast.Attribute) and node.attr in OTHERS:
            end = _span(node)[1]
            start = (end[0], end[1] - len(node.attr))
            yield "min for max", (start, end), OTHERS[node.attr]
        if isinstance(node, ast.Name) and node.id in OTHERS:
            yield "min for max", _span(node), OTHERS[node.id]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            if isinstance(node.right, ast.Constant):
                yield "exponent", _span(node.right), f"-{node.right.value}"
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            text = _text(source, node) or ""
            if "e-" in text:
                yield "exponent", _span(node), text.replace("e-", "e")
        if isinstance(node, ast.Attribute) and node.attr == "T":
            yield "axis", _span(node), _text(source, node.value)


def _swaps(tree, source):
    """Two arguments of a call, or both sides of a difference or product."""
    for node in ast.walk(tree):
        pair = None
        if isinstance(node, ast.Call) and _name(node.func) not in EITHER_ORDER:
            plain = not any(isinstance(a, ast.Starred) for a in node.args[:2])
            pair = node.args[:2] if plain and len(node.args) > 1 else None
        elif isinstance(node, ast.BinOp) and isinstance(
            node.op, (ast.Sub, ast.MatMult)
        ):
            pair = node.left, node.right
        if pair:
            a, b = (_text(source, part) for part in pair)
            (start, _), (_, end) = map(_span, pair)
            first, last = (_offset(source, place) for place in (start, end))
            between = source[first + len(a) : last - len(b)]
            if a and b and a != b:
                wrap = "({})" if isinstance(pair[0], ast.BinOp) else "{}"
                a = f"({a})" if isinstance(node, ast.BinOp) and " " in a else a
                b = wrap.format(b) if isinstance(node, ast.BinOp) else b
                yield "swapped arguments", (start, end), b + between + a


def _uses(tree):
    """Loaded names and how each is used: (node, way)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for k, argument in enumerate(node.args):
                yield argument, ("argument", _name(node.func), k)
        for field, way in (("left", "operand"), ("right", "operand")):
            yield getattr(node, field, None), (way,)
        if isinstance(node, ast.Subscript):
            yield node.value, ("subscript",)


def _names(tree, source, names):
    """Train for test; one name for another that is used in the same way."""
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    known = names | used
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            match = SPLIT.fullmatch(node.id)
            stem = match[1] if match else node.id
            for other in ("train", "test", "val"):
                if (name := f"{stem}_{other}") in known and name != node.id:
                    yield "train for test", _span(node), name
            if match and stem in known:
                yield "train for test", _span(node), stem
    groups = {}
    for node, way in _uses(tree):
        if isinstance(node, ast.Name) and not hasattr(builtins, node.id):
            groups.setdefault(way, []).append(node)
    for group in groups.values():
        others = list(dict.fromkeys(node.id for node in group))
        for node in group:
            for other in others:
                if other != node.id:
                    yield "another name", _span(node), other


def _arms(tree):
    """One key for another of the same table."""
    groups = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            keys = [node.slice, *getattr(node.slice, "elts", [])]
            for key in keys:
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    groups.setdefault(_name(node.value), []).append(key)
    for group in groups.values():
        for key in group:
            for other in dict.fromkeys(k.value for k in group):
                if other != key.value:
                    text = '"' + other.replace('"', r"\"") + '"'
                    yield "another arm", _span(key), text


def _dropped(tree):
    """A call for its effect, or an assignment that makes a name anew."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            if _name(node.value.func) not in SHOWN_LAST | LAYOUT:
                yield "dropped statement", _span(node), "pass"
        elif isinstance(node, ast.AugAssign):
            yield "dropped statement", _span(node), "pass"
        elif isinstance(node, ast.Assign):
            stored = {
                n.id
                for target in node.targets
                for n in ast.walk(target)
                if isinstance(n, ast.Name)
            }
            loaded = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            if stored & loaded:
                yield "dropped statement", _span(node), "pass"


# -- The sample ------------------------------------------------------------------------


def is_fault(source, changed):
    """Whether code parses and differs by more than its spelling."""
    if changed is None:
        return False
    try:
        return ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return False


def lines_between(source, changed):
    """The lines that differ, with as many before them as make the old ones unique."""
    a, b = source.split("\n"), changed.split("\n")
    first = next(k for k, (x, y) in enumerate(zip([*a, 0], [*b, 1])) if x != y)
    last = next(
        k for k, (x, y) in enumerate(zip([*a[::-1], 0], [*b[::-1], 1])) if x != y
    )
    last = min(last, len(a) - first, len(b) - first)
    while True:
        old = "\n".join(a[first : len(a) - last])
        new = "\n".join(b[first : len(b) - last])
        if old and source.count(old) == 1:
            return old, new
        first, last = (first - 1, last) if first else (first, last - 1)


def draw(path, each=EACH, seed=SEED):
    """Draw faults from one notebook, in turn from its parts and of all kinds.

    Parameters
    ----------
    path : pathlib.Path
    each : int
        How many.
    seed : int

    Returns
    -------
    list of Fault
    """
    notebook = nbformat.read(path, as_version=4)
    parts = parts_of(notebook)
    sources = {cell.id: cell.source for cell in notebook.cells if cell.id in parts}
    names = set()
    for source in sources.values():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    rng = random.Random(f"{seed} {path.stem}")
    pool = {}
    for cell, source in sources.items():
        for kind, made in variants(source, names, parts[cell] == DRAWING).items():
            group = pool.setdefault(parts[cell], {}).setdefault(kind, [])
            group += [(cell, change) for change in made]
    turns = {}
    for part, kinds in pool.items():
        order = sorted(kinds)
        rng.shuffle(order)
        turns[part] = cycle(order)
    found, seen = [], set()
    for part in cycle([EVIDENCE, DRAWING, LESSON]):
        if len(found) == each:
            return found
        kind = next(turns[part])
        cell, change = rng.choice(pool[part][kind])
        changed = change()
        if not is_fault(sources[cell], changed) or (cell, changed) in seen:
            continue
        seen.add((cell, changed))
        old, new = lines_between(sources[cell], changed)
        name = f"{path.stem[:2]}-d{len(found) + 1:02}"
        found.append(Fault(name, path.stem, cell, part, kind, old, new))


def read_drawn(path=DRAWN):
    """The frozen sample."""
    with Path(path).open(encoding="utf-8", newline="") as lines:
        return [Fault(**row) for row in csv.DictReader(lines)]


def main():
    """Draw the sample, unless there is one."""
    if DRAWN.exists():
        print(f"{DRAWN} is there; faults are not drawn again because some survive.")
        return
    faults = [f for path in sorted(NOTEBOOKS.glob("*.ipynb")) for f in draw(path)]
    with DRAWN.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerows([Fault._fields, *faults])
    print(f"{len(faults)} faults in {DRAWN}")


if __name__ == "__main__":
    main()

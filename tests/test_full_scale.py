"""What notebooks 10, 13 and 14 say of full scale is what the result files hold: the
numbers of their sentences, and those that they print, computed again from the files."""

import functools
import json
import re

import nbformat
import numpy as np
import pytest
from scipy import stats

from course_utils.claims import NOTEBOOKS
from course_utils.experiments import dropout, published, results

WORDS = "no one two three four five six seven eight nine ten".split()
NUMBER = re.compile(r"(?<![\w-])\d(?:[\d,.-]*\d)?|\b(?:" + "|".join(WORDS[2:]) + r")\b")


def last_rows(name):
    """The last checkpoint of each arm and seed, and the settings of the first row."""
    rows = results(name)
    if "alpha" in rows:  # points on the line between two minima are no trainings
        rows = rows[rows["alpha"].isna()]
    settings = json.loads(rows["settings"].iloc[0])
    return rows.sort_values("epoch").groupby(["arm", "seed"]).tail(1), settings


def of_arms(name, column):
    """A table of the last checkpoints, seed x arm."""
    return last_rows(name)[0].pivot(index="seed", columns="arm", values=column)


def of_papers(name, measure="test_accuracy"):
    """The papers' figures: arm -> value."""
    return published(name).query("measure == @measure").set_index("arm")["value"]


def interval(values):
    """Mean and 95 % interval, by SciPy."""
    mean, error = np.mean(values), stats.sem(values)
    return mean, *stats.t.interval(0.95, len(values) - 1, mean, error)


@functools.cache
def cells(number):
    """A notebook's cells, by id."""
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def printed(number, name):
    """All that a cell puts out, as one line without tags."""
    found = []
    for output in cells(number)[name].outputs:
        data = output.get("data", {})
        text = data.get("text/markdown") or data.get("text/html") or output.get("text")
        found.append(re.sub(r"<style.*?</style>|<[^>]*>", " ", text or "", flags=re.S))
    return " ".join(" ".join(found).split())


def of_dropout():
    rows, settings = last_rows("dropout")
    errors = of_arms("dropout", "test_errors")
    seeds, epochs = len(errors), rows["epoch"].max()
    shorter = dropout.PAPER_EPOCHS // epochs
    yield "full-text", f"{epochs} epochs instead of {dropout.PAPER_EPOCHS:,}", True
    yield "full-text", f"schedules {shorter} times faster", True
    yield "full-text", f"a first rate of {settings['rate']:g}", True
    arms = ["none", "hidden", "hidden+input"]
    ours = -np.diff(errors.mean()[arms])
    paper = -np.diff(of_papers("dropout", "test_errors")[arms])
    yield "arms-says", "the means fall in the lecture's order", (ours > 0).all()
    yield "arms-says", "but not by its distances", (ours < paper).all()
    both = interval(errors["hidden+input"] - errors["none"])
    hidden = interval(errors["hidden"] - errors["none"])
    added = interval(errors["hidden+input"] - errors["hidden"])
    gains = "both dropouts together make fewer errors than none"
    yield "arms-says", gains, both[2] < 0
    yield "arms-says", "and so does hidden dropout alone", hidden[2] < 0
    still = f"whether the input's adds to it stays open with {WORDS[seeds]} seeds"
    yield "arms-says", still, added[1] <= 0 <= added[2]


def of_cyclical():
    accuracy = 100 * of_arms("cyclical", "test_accuracy")
    once, slide = accuracy.loc[0], 100 * of_papers("cyclical")
    as_there = "Our fixed arm comes out as on the slide"
    yield "full-says", as_there, abs(once["fixed"] - slide["fixed"]) <= 1
    does_not = "*triangular2* does not, even with its drops"
    triangular2 = accuracy["triangular2"].dropna()
    below = interval(triangular2 - slide["triangular2"])[2] < -1
    yield "full-says", does_not, below
    fixed_run = results("cyclical").query("arm == 'fixed' and seed == 0")
    then = fixed_run.query("updates == 25000")["test_accuracy"]
    of_drops = once["triangular2"] - once["triangular2 in one range"]
    lead = once["triangular2"] - 100 * then.item()
    mostly = "Most of its lead over the fixed rate at that time comes from them"
    yield "full-says", mostly, of_drops > lead / 2
    fair = (accuracy["tuned fixed"] - triangular2).dropna()
    low, high = interval(fair)[1:]
    above = f"*tuned fixed* ends above *triangular2* with each of {WORDS[len(fair)]}"
    yield "full-says", above, low > 0 and fair.min() > 0
    open_yet = f"{WORDS[len(fair)]} seeds do not tell *tuned fixed* from"
    yield "full-says", open_yet, low <= 0 <= high
    best = "*exp_range*, the slide's best, ends below the fixed rate"
    yield "full-says", best, once["exp_range"] < once["fixed"]


def of_large_batch():
    rows, settings = last_rows("large-batch")
    nets = " and ".join(sorted(rows["job"].unique()))
    widths, epochs = settings["widths"], settings["epochs"]
    at_end = rows.set_index(["arm", "seed"])
    loss = at_end["train_loss"].groupby("arm").mean()
    small, large = (at_end.loc[arm] for arm in ("F1 small", "F1 large"))
    at = {epsilon: f"plane_sharpness_{epsilon}" for epsilon in ("0.001", "0.0005")}
    flatter = {e: sum(large[name] < small[name]) for e, name in at.items()}
    seeds, rates = len(small), "The small batch had one rate, the large one two"
    steep = sum(large["sharpness_0.001"] > 10 * small["sharpness_0.001"])
    weights = sum(a * b for a, b in zip([784, *widths], [*widths, 10]))
    yield "full-large-text", "-".join(map(str, [784, *widths, 10])), True
    yield "full-large-text", f"batches of {settings['batch']} against a tenth", True
    yield "full-large-text", f"{nets} only", True
    yield "full-large-text", f"{epochs} passes, {WORDS[seeds]} seeds", True
    tried = {"F1 small", "F1 large", "F1 large scaled"}
    yield "full-large-text", rates, {*rows["arm"]} == tried
    yield "full-large-text", f"After {epochs} passes", True
    far = loss["F1 large"] < loss["F1 small"] / 10
    yield "full-large-text", "large batch's training loss is far *lower*", far
    yield "sharp-shows", "over a million dimensions", 1e6 < weights < 2e6
    yield "sharp-shows", f"{WORDS[settings['iterations']]} steps find", True
    yield "sharp-shows", "with one seed and miss it with others", steep == 1
    always = "is sharper with every seed at 1e-3"
    yield "full-large-table", always, flatter["0.001"] == 0
    say = f"at 5e-4 {WORDS[flatter['0.0005']]} of {WORDS[seeds]} seeds say the opposite"
    yield "full-large-table", say, True


def of_batch_increase():
    rows, settings = last_rows("batch-increase")
    nets, seeds = rows["job"].str.split().str[0].unique(), rows["seed"].nunique()
    cores = re.search(r"(\d+) cores", rows["device"].iloc[0])[1]
    spent = f"{settings['epochs']} epochs, {WORDS[seeds]} seeds, {WORDS[int(cores)]}"
    ran = f"Only {' and '.join(nets)} was run: {spent} cores"
    yield "increase-evidence", f"a dense {settings['layers']} on all of MNIST", True
    yield "increase-evidence", ran, True
    yield "full-increase", f"{settings['epochs']} epochs: what each arm spends", True


SENTENCES = [  # notebook, cell, sentence, whether it has to be there
    *(("10", *row) for row in of_dropout()),
    *(("13", *row) for row in of_cyclical()),
    *(("14", *row) for row in (*of_large_batch(), *of_batch_increase())),
]
OF_PAPERS = {  # numbers in these cells that no result file holds
    ("10", "full-text"): "10 160 160 130 three three",  # the paper's; three arms
    ("10", "arms-says"): "two 160",  # layers of a small net; the slide's figure
    ("13", "full-says"): "",
    ("14", "full-large-text"): "five 100",  # the paper's seeds and dimensions
    ("14", "sharp-shows"): "1 100 2 100 2017",  # Dinh's example
    ("14", "increase-evidence"): "0.04 0.02 0.04 0.08 2,000 2,400",  # the small version
}


@pytest.mark.parametrize("number, name, sentence, holds", SENTENCES)
def test_a_sentence_is_there_if_the_file_says_so(number, name, sentence, holds):
    cell = cells(number)[name]
    text = printed(number, name) if cell.cell_type == "code" else cell.source
    assert (sentence.lower() in text.lower()) == holds


@pytest.mark.parametrize("number, name", OF_PAPERS)
def test_no_other_number_is_in_these_cells(number, name):
    text = cells(number)[name].source
    for _, cell, sentence, _ in SENTENCES:
        if cell == name:
            text = re.sub(re.escape(sentence), " ", text, flags=re.I)
    names = r"\*\*[A-Z]\d+\*\*|\([A-Z]\d+\)|\bC\d\w*\b|\bF1\b|WRN-16-4|`[^`]*`"
    found = NUMBER.findall(re.sub(names, " ", text).lower())
    assert sorted(found) == sorted(OF_PAPERS[number, name].split())


def numbers(text):
    """The numbers of a text."""
    return [float(n.replace(",", "")) for n in re.findall(r"-?\d[\d,]*\.?\d*", text)]


def test_the_errors_of_dropout():
    errors = of_arms("dropout", "test_errors")
    table, caption = printed("10", "full-table"), printed("10", "arms-figure")
    for arm in ("none", "hidden", "hidden+input"):
        each = ", ".join(f"{n}" for n in errors[arm])
        mean = numbers(re.search(rf"{each} (\S+ \[[^]]*\])", table)[1])
        np.testing.assert_allclose(mean, interval(errors[arm]), atol=0.51)
    gain = interval(errors["hidden+input"] - errors["none"])
    said = re.search(r"together make (\S+ \[[^]]*\]) errors", caption)[1]
    np.testing.assert_allclose(numbers(said), gain, atol=0.51)
    assert f"{len(errors)} seeds each" in caption
    assert ("not clear of 0" in caption) == (gain[2] >= 0)


def test_the_accuracies_of_cyclical_rates():
    accuracy = 100 * of_arms("cyclical", "test_accuracy")
    once, text = accuracy.loc[0], printed("13", "full-data")
    ran = [arm for arm in sorted(of_papers("cyclical").index) if arm in accuracy]
    assert f"run here with seed 0: {', '.join(ran)} " in text
    assert f"update 25,000 with {once['triangular2']:.1f} %" in text
    assert f"to 0.006: {once['triangular2 in one range']:.1f} %" in text
    rows = results("cyclical").query("arm == 'fixed' and seed == 0")
    fixed = 100 * rows.set_index("updates")["test_accuracy"]
    assert f"fixed then has {fixed[25000]:.1f} %" in text
    above = fixed.index[fixed > once["triangular2"]].min()
    assert f"above that first at {above:,}" in text
    pair = accuracy[["triangular2", "tuned fixed"]].dropna()
    for arm, of_seeds in pair.items():
        each = ", ".join(f"{one:.1f}" for one in of_seeds)
        assert f"{arm} after 25,000 updates, {len(pair)} seeds: {each} %" in text
    tuned = last_rows("cyclical")[0].query("arm == 'tuned fixed'").sort_values("seed")
    rates = ", ".join(f"{rate:g}" for rate in tuned["learning_rate"])
    assert f"its rate: {rates} of" in text


def test_the_errors_of_large_batches():
    rows = results("large-batch").query("alpha.isna()")
    table = printed("14", "full-large-table")
    for arm in ("F1 small", "F1 large", "F1 large scaled"):
        runs = rows[rows["arm"] == arm].sort_values("epoch").groupby("seed")
        late = [100 - 100 * run["test_accuracy"].tail(5).mean() for _, run in runs]
        assert ", ".join(f"{error:.2f}" for error in late) in table


def test_the_errors_of_growing_batches():
    rows, table = last_rows("batch-increase")[0], printed("14", "full-increase")
    for _, runs in rows.sort_values("seed").groupby("arm"):
        each = ", ".join(f"{count:.0f}" for count in runs["test_errors"])
        assert f"{runs['updates'].iloc[0]:,.0f} {each}" in table

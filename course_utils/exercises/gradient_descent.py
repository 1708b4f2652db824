"""Exercises of notebook 05."""

import re

import numpy as np

from ..answers import Numbers, Parts, read
from ..checks import close, exercise

exercise(
    "05-count", "0.8^31 is the first power below 0.001: ln 1000 / ln 1.25 = 30.96."
)(
    Numbers(
        31,
        {
            30: "Nearly: 0.8^30 is still a little above 0.001. Round up.",
            np.log(1000) / np.log(1.25): "The formula is right. Updates are whole, so"
            " round up.",
            32: "Nearly: 0.8^31 is below 0.001 already. The start is no update.",
            (24, 25, 35, 36): "Algorithm 1 stops by the size of its *step*, 0.2 |x|."
            " Here |x| itself is to be below 0.001.",
            (66, 65): "You used the factor 0.9. The derivative of x^2 is 2x, so an"
            " update multiplies x by 1 - 0.1 * 2.",
            (16, 15): "Then f = x^2 is below 0.001. Here |x| is to be.",
            (4, 5): "x is multiplied by 0.8, it is not reduced to 0.2 of its size:"
            " 0.8^k < 0.001.",
        },
        "Each update multiplies x by 1 - 2 alpha = 0.8. Which is the first k with"
        " 0.8^k < 0.001?",
    )
)

exercise(
    "05-limit",
    "The eigenvalues are 8 and 2. The largest curvature, 8, in the direction (1, 1),"
    " sets the limit 2/8.",
)(
    Numbers(
        0.25,
        {
            0.4: "2/5 takes the diagonal for the curvature. In the direction (1, 1) the"
            " curvature is larger than 5.",
            2 / 3: "2/3 takes the entry beside the diagonal for the curvature. Take"
            " the largest eigenvalue.",
            1.0: "That is 2 over the smallest eigenvalue: the steepest direction"
            " diverges long before.",
            1 / 8: "1/L is where it begins to jump across. It still converges up to"
            " twice that.",
            0.2: "2/(8 + 2) is the fastest rate, not the largest one that converges.",
            (8.0, 2.0): "This is an eigenvalue, a curvature. The limit is 2/L, with the"
            " larger of the two.",
            4.0: "The other way round: the limit is 2/L, not L/2.",
        },
        "Find the eigenvalues of H (np.linalg.eigvalsh). The largest one is L, and"
        " the limit is 2/L.",
    )
)


@exercise(
    "05-batch",
    "The gradient of the mean is 2 X^T (X W - y) / B: the mean over the batch, as Keras"
    " takes it.",
    functions=1,
)
def _(update):
    rng = np.random.default_rng(0)
    X, y, W = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
    answer = update(W, X, y, 0.1)
    step = X.T @ (X @ W - y)
    if close(answer, W - 0.2 * step):
        return (
            "This is the sum over the batch. The loss is a mean: divide by the number"
            " of rows."
        )
    if close(answer, W - 0.2 * step / 3):
        return "Divide by the number of rows of X, len(X), not by that of its columns."
    if close(answer, W - 0.1 * step / 5):
        return "The derivative of a square has a factor 2."
    if close(answer, W - 0.1 * step):
        return "Two factors are missing: 2 from the square, and 1/B from the mean."
    if close(answer, W + 0.2 * step / 5):
        return "The gradient points uphill: take it off W."
    if any(close(answer, factor * step / 5) for factor in (2, 0.2, -0.2)):
        return "This is the gradient (or the step). Return the new W."
    if close(answer, W - 2 * step / 5):
        return "The rate is missing: take alpha times the gradient off W."
    if np.shape(answer) != (3,):
        return (
            f"W has the shape (n,), here (3,); yours is {np.shape(answer)}. X.T @ (X @"
            " W - y) has this shape."
        )
    if not close(answer, W - 0.2 * step / 5):
        return (
            "The gradient of the mean of (X W - y)^2 is 2 X.T @ (X @ W - y) / B. Take"
            " alpha times it off W."
        )


exercise(
    "05-variance",
    "8/50 * 51/100 = 0.0816: about half of what independent draws would leave.",
)(
    Numbers(
        8 / 50 * 51 / 100,
        {
            8
            / 50: "This is with putting back. Without, multiply by (N - B) / (N - 1).",
            np.sqrt(8 / 50 * 51 / 100): "This is the standard deviation. The variance"
            " is asked for: its square.",
            (8 / np.sqrt(50), np.sqrt(8 / 50), np.sqrt(8) / 50): "The square root"
            " belongs to the standard deviation. The variance falls like 1/B.",
            (8 / 50 * 51 / 101, 8 / 50 * 50 / 101): "Nearly: the factor is (N - B) / (N"
            " - 1), with N - 1 = 100.",
            8 / 50 * 50 / 100: "Nearly: N - B is 101 - 50 = 51.",
            8 * 51 / 100: "The mean of B samples has 1/B of the variance: divide by 50"
            " as well.",
            8 / 50**2: "The variance of a mean falls like 1/B, not like 1/B^2.",
        },
        "Two factors: v / B for a mean of B samples, and (N - B) / (N - 1) for not"
        " putting them back.",
    )
)

EIGENVALUES = Parts(
    {
        "Eigenvalues": Numbers(
            (-2, 6),
            {
                (2, 2): "2 and 2 stand on the diagonal. The term 4 x1 x2 makes the"
                " other entries 4, and the eigenvalues differ.",
                (-1, 3): "The factor 2 is missing: the second derivative of x1^2 is 2,"
                " and the mixed one of 4 x1 x2 is 4.",
                (6, -2): "The right numbers, but the smaller one comes first.",
                (0, 4): "The mixed derivative of 4 x1 x2 is 4, not 2: the Hessian is"
                " [[2, 4], [4, 2]].",
                (-3, 5): "The diagonal is 2, not 1: the second derivative of x1^2. The"
                " Hessian is [[2, 4], [4, 2]].",
                (2, 4): "These are entries of the Hessian [[2, 4], [4, 2]]. Now its"
                " eigenvalues.",
                (2, 6): "The product of the eigenvalues is the determinant, 2 * 2 - 4 *"
                " 4: one of them is negative.",
            },
            "The Hessian is [[2, 4], [4, 2]]. Take np.linalg.eigvalsh of it, or try"
            " the directions (1, 1) and (1, -1).",
        )
    }
)


@exercise(
    "05-saddle",
    "Eigenvalues -2 and 6: down along (1, -1), up along (1, 1), although both entries"
    " on the diagonal are positive.",
)
def _(*answer):
    if len(answer) == 1:
        (answer,) = answer
    *eigenvalues, kind = answer
    if not isinstance(kind, str):
        return 'Give two numbers, then in quotation marks a word such as "minimum".'
    if hint := EIGENVALUES(*eigenvalues):
        return hint
    word = str(kind).strip().lower()
    if re.fullmatch(r"(an? )?saddle[ -]?(point)?", word):
        return None
    if "minimum" in word or "maximum" in word:
        return (
            "The eigenvalues are right. A minimum has only positive ones, a maximum"
            " only negative ones. Here there is one of each."
        )
    return 'The eigenvalues are right. Then give "minimum", "maximum" or "saddle".'


BEST = (35, 173)  # at 2/(L + mu); the slider's rates come within a tenth
AT_OTHERS = {  # the fewest updates at other conditions, or what is read off wrongly
    (0.182, 0.196): "These are the rates. Give the numbers of updates, which the title"
    " of the picture says.",
    (173, 35): "The right numbers in the wrong order: first kappa = 10, then kappa"
    " = 50.",
}


@exercise(
    "05-zigzag",
    "Five times the condition number needs five times as many updates, even at the best"
    " rate, 2/(L + mu). This is what a narrow valley costs.",
)
def _(*answer):
    found = read(answer, BEST, " (for kappa = 10, for kappa = 50)")
    for known, hint in AT_OTHERS.items():
        if np.allclose(found, known, rtol=0.12):
            return hint
    for kappa, updates, best in zip((10, 50), found, BEST):
        if updates < best - 1:
            return (
                f"So few are not possible for kappa = {kappa}. Read the number in the"
                " title of the picture, not the points drawn, of which there are 25."
            )
        if updates > 1.12 * best:
            return (
                f"For kappa = {kappa} there is a better rate. It lies between 1/L = 0.1"
                " and 2/L = 0.2, close below 2/L: go in steps of the slider."
            )
    return None


@exercise(
    "05-momentum",
    "The new m counts in the same update, and it remembers: with a constant gradient it"
    " grows to G / (1 - beta).",
    functions=1,
)
def _(momentum_update):
    rng = np.random.default_rng(0)
    for shape, alpha, beta in (((4,), 0.1, 0.9), ((2, 3), 0.5, 0.0), ((3,), 0.02, 0.5)):
        W, m, G = rng.normal(size=(3, *shape))
        answer = momentum_update(W, m, G, alpha, beta)
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            return "Return two things, the new W and the new m: `return W, m`."
        right = beta * m + G
        if hint := _momentum_hint(answer, W, m, G, alpha, beta, right):
            return hint
    return None


def _momentum_hint(answer, W, m, G, alpha, beta, right):
    new_W, new_m = answer
    if close(new_m, right) and close(new_W, W - alpha * right):
        return None
    if close(new_W, right) and close(new_m, W - alpha * right):
        return "Both are right, in the wrong order: the new W comes first."
    if close(new_m, beta * m + (1 - beta) * G):
        return "This is Adam's m, a mean. Here G counts in full: m = beta * m + G."
    if close(new_m, m + beta * G):
        return "beta belongs to the past: beta * m + G."
    if close(new_m, m + G):
        return "Nothing is forgotten: the old m counts beta times, beta * m + G."
    if close(new_m, beta * m - alpha * G):
        return (
            "This is Keras's own form, with the rate inside m. The exercise asks for"
            " m = beta * m + G, and the rate in the step of W."
        )
    if close(new_m, m):
        return "You return the old m. The next update needs the new one."
    if not close(new_m, right):
        return "The new m is not beta * m + G."
    if close(new_W, W - alpha * m):
        return "W takes the old m. Compute the new m first, then the step of W."
    if close(new_W, W + alpha * right):
        return "The gradient points uphill: take alpha * m off W."
    if close(new_W, W - alpha * G):
        return "W takes G alone: the step is alpha times the new m."
    if close(new_W, W - right):
        return "The rate is missing: take alpha * m off W."
    return "The new m is right. The new W is W - alpha * m, with the new m."

"""Exercises of notebook 05."""

import numpy as np

from ..checks import close, exercise


@exercise(
    "05-count", "0.8^31 is the first power below 0.001: ln 1000 / ln 1.25 = 30.96."
)
def _(updates):
    if close(updates, 30):
        return "Nearly: 0.8^30 is still a little above 0.001. Round up."
    if close(updates, np.log(1000) / np.log(1.25)):
        return "The formula is right. Updates are whole, so round up."
    if close(updates, 66) or close(updates, 65):
        return (
            "You used the factor 0.9. The derivative of x^2 is 2x, so an update"
            " multiplies x by 1 - 0.1 * 2."
        )
    if close(updates, 5):
        return (
            "x is multiplied by 0.8, it is not reduced to 0.2 of its size: 0.8^k <"
            " 0.001."
        )
    if not close(updates, 31):
        return (
            "Each update multiplies x by 1 - 2 alpha = 0.8. Which is the first k with"
            " 0.8^k < 0.001?"
        )


@exercise(
    "05-limit",
    "The eigenvalues are 8 and 2. The largest curvature, 8, in the direction (1, 1),"
    " sets the limit 2/8.",
)
def _(alpha):
    if close(alpha, 0.4):
        return (
            "2/5 takes the diagonal for the curvature. In the direction (1, 1) the"
            " curvature is larger than 5."
        )
    if close(alpha, 1):
        return (
            "That is 2 over the smallest eigenvalue: the steepest direction diverges"
            " long before."
        )
    if close(alpha, 1 / 8):
        return (
            "1/L is where it begins to jump across. It still converges up to twice"
            " that."
        )
    if close(alpha, 0.2):
        return "2/(8 + 2) is the fastest rate, not the largest one that converges."
    if close(alpha, 8):
        return "8 is the largest curvature L. The limit is 2/L."
    if not close(alpha, 0.25):
        return (
            "Find the eigenvalues of H (np.linalg.eigvalsh). The largest one is L, and"
            " the limit is 2/L."
        )


@exercise(
    "05-batch",
    "The gradient of the mean is 2 X^T (X W - y) / B: the mean over the batch, as Keras"
    " takes it.",
)
def _(update):
    rng = np.random.default_rng(0)
    X, y, W = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=3)
    answer = update(W.copy(), X.copy(), y.copy(), 0.1)
    if answer is ...:
        return ...
    step = X.T @ (X @ W - y)
    if close(answer, W - 0.2 * step):
        return (
            "This is the sum over the batch. The loss is a mean: divide by the number"
            " of rows."
        )
    if close(answer, W - 0.1 * step / 5):
        return "The derivative of a square has a factor 2."
    if close(answer, W + 0.2 * step / 5):
        return "The gradient points uphill: take it off W."
    if close(answer, 2 * step / 5) or close(answer, 0.2 * step / 5):
        return "This is the gradient (or the step). Return the new W."
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


@exercise(
    "05-variance",
    "8/50 * 51/100 = 0.0816: about half of what independent draws would leave.",
)
def _(variance):
    if close(variance, 8 / 50):
        return "This is with putting back. Without, multiply by (N - B) / (N - 1)."
    if close(variance, 8 / np.sqrt(50)) or close(variance, np.sqrt(8 / 50)):
        return (
            "The square root belongs to the standard deviation. The variance falls like"
            " 1/B."
        )
    if close(variance, 8 / 50 * 51 / 101) or close(variance, 8 / 50 * 50 / 101):
        return "Nearly: the factor is (N - B) / (N - 1), with N - 1 = 100."
    if close(variance, 8 / 50 * 50 / 100):
        return "Nearly: N - B is 101 - 50 = 51."
    if not close(variance, 8 / 50 * 51 / 100):
        return (
            "Two factors: v / B for a mean of B samples, and (N - B) / (N - 1) for not"
            " putting them back."
        )


@exercise(
    "05-saddle",
    "Eigenvalues -2 and 6: down along (1, -1), up along (1, 1), although both entries"
    " on the diagonal are positive.",
)
def _(small, large, kind):
    if close([small, large], [2, 2]):
        return (
            "2 and 2 stand on the diagonal. The term 4 x1 x2 makes the other entries 4,"
            " and the eigenvalues differ."
        )
    if close([small, large], [-1, 3]):
        return (
            "The factor 2 is missing: the second derivative of x1^2 is 2, and the mixed"
            " one of 4 x1 x2 is 4."
        )
    if close([small, large], [6, -2]):
        return "The right numbers, but the smaller one comes first."
    if close([small, large], [0, 4]):
        return (
            "The mixed derivative of 4 x1 x2 is 4, not 2: the Hessian is [[2, 4], [4,"
            " 2]]."
        )
    if not close([small, large], [-2, 6]):
        return (
            "The Hessian is [[2, 4], [4, 2]]. Take np.linalg.eigvalsh of it, or try the"
            " directions (1, 1) and (1, -1)."
        )
    if str(kind).strip().lower() != "saddle":
        return (
            "The eigenvalues are right. One is negative: is every direction uphill, or"
            " every one downhill?"
        )

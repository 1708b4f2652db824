"""Does a line (a hyperplane) separate two classes? A linear program finds one or proves
that there is none (the lecture's C09)."""

import numpy as np

from . import inputs


def separating_line(X, y):
    """A line with w x + b >= 1 for class 1 and w x + b <= -1 for the other class.

    The program has nothing to minimize; it asks only whether the m conditions can be
    met together (`scipy.optimize.linprog`).

    Parameters
    ----------
    X : array, shape (m, n)
        One point a row, without the constant 1.
    y : array, shape (m,)
        Classes 0 and 1, or -1 and 1; one of them may be empty.

    Returns
    -------
    (w, b) or None
        `w`: array, shape (n,), `b`: float; None where no line exists.

    Raises
    ------
    ValueError
        If the shapes do not fit, the labels are others or a number is not finite.
    RuntimeError
        If the program ends undecided (conditions that differ by less than its
        tolerance, about 1e-7).
    """
    from scipy.optimize import linprog

    X = inputs.numbers("X", X, "points in rows, (m, n)", kinds="biuf").astype(float)
    y = inputs.numbers("y", y, "a row of labels, 0 and 1 or -1 and 1", kinds="biuf")
    if X.ndim != 2 or y.shape != X.shape[:1] or not X.size:
        raise ValueError(
            "X and y must be points in rows and a label for each, (m, n) and (m,),"
            f" not {X.shape} and {y.shape}."
        )
    if not np.isfinite(X).all():
        raise ValueError("The points must be finite numbers: X holds NaN or infinity.")
    labels = set(np.unique(y).tolist())
    if not (labels <= {0, 1} or labels <= {-1, 1}):
        raise ValueError(
            f"In y the labels must be 0 and 1, or -1 and 1, not {sorted(labels)[:5]}."
        )
    signed = np.where(y > 0, 1, -1)[:, None] * np.column_stack([X, np.ones(len(X))])
    program = linprog(
        np.zeros(signed.shape[1]),
        A_ub=-signed,  # signed @ (w, b) >= 1
        b_ub=-np.ones(len(y)),
        bounds=(None, None),
    )
    if program.status not in (0, 2):  # 0: found; 2: proved that there is none
        raise RuntimeError(f"The linear program is undecided: {program.message}")
    return (program.x[:-1], float(program.x[-1])) if program.status == 0 else None


def separable(X, y):
    """Whether a line separates the two classes: :func:`separating_line` finds one."""
    return separating_line(X, y) is not None

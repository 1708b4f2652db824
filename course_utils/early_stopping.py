"""Prechelt's three stopping criteria (1998; the lecture's C47): on a recorded curve,
and as Keras callbacks.

Epochs t count from 1; E_va is the validation error, E_opt(t) the smallest E_va so far,
E_tr the training error.
The functions take one curve or any number of them along the last axis. NaN, the error
of a network that diverged, counts as an increase.
"""

import sys
import warnings

import numpy as np

from . import inputs
from .environment import load_keras

keras = load_keras()


def generalization_loss(validation):
    """GL(t) = 100 (E_va(t) / E_opt(t) - 1): by how many percent the error is above its
    best so far.

    Parameters
    ----------
    validation : array, shape (..., epochs)
        E_va, not negative.

    Returns
    -------
    array, shape (..., epochs)
    """
    E, best = _errors(validation)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(E == best, 0.0, 100 * (E / best - 1))


def training_progress(training, strip=5):
    """P_k(t) = 1000 (mean / smallest - 1) of E_tr over the last k epochs; NaN in the
    first k - 1 epochs.

    Parameters
    ----------
    training : array, shape (..., epochs)
        E_tr.
    strip : int
        k.

    Returns
    -------
    array, shape (..., epochs)
    """
    E = np.asarray(training, dtype=float)
    P = np.full(E.shape, np.nan)
    if E.shape[-1] >= strip:
        last = np.lib.stride_tricks.sliding_window_view(
            E, strip, axis=-1
        )  # (..., epochs - k + 1, k)
        with np.errstate(divide="ignore", invalid="ignore"):
            P[..., strip - 1 :] = np.where(
                last.max(-1) == last.min(-1),
                0.0,
                1000 * (last.mean(-1) / last.min(-1) - 1),
            )
    return P


def stop_generalization_loss(validation, alpha):
    """GL_alpha: the first epoch with GL(t) > alpha.

    Parameters
    ----------
    validation : array, shape (..., epochs)
    alpha : float
        In percent.

    Returns
    -------
    array of float, shape (...)
        The epoch, from 1; NaN where the criterion never fires.
    """
    _check_parameters(alpha=alpha)
    E, best = _errors(validation)
    return _first(
        (E > (1 + alpha / 100) * best) | np.isnan(E)
    )  # not divided: best may be 0


def stop_progress_quotient(validation, training, alpha, strip=5):
    """PQ_alpha: the first end of a strip (t = k, 2k, ...) with GL(t) / P_k(t) > alpha.

    With noisy training errors (small batches, dropout) P_k stays large: such curves
    need a small alpha.

    Parameters
    ----------
    validation, training : array, shape (..., epochs)
    alpha : float
    strip : int
        k.

    Returns
    -------
    array of float, shape (...)
        As :func:`stop_generalization_loss`.
    """
    _check_parameters(alpha=alpha, strip=strip)
    _check(
        np.shape(validation) == np.shape(training),
        f"the two curves must have one shape, not {np.shape(validation)} and"
        f" {np.shape(training)}",
    )
    GL, P = generalization_loss(validation), training_progress(training, strip)
    with np.errstate(invalid="ignore"):
        fires = (
            (GL > alpha * P)
            | np.isnan(GL)
            | np.isnan(np.asarray(training, dtype=float))
        )
    return _first(fires & _strip_ends(GL.shape[-1], strip))


def stop_successive_increases(validation, s, strip=5):
    """UP_s: the first end of a strip at which E_va has risen, against k epochs before,
    for the s-th strip in a row.

    Not Keras's `patience`, which counts epochs since the best one.

    Parameters
    ----------
    validation : array, shape (..., epochs)
    s : int
    strip : int
        k.

    Returns
    -------
    array of float, shape (...)
        As :func:`stop_generalization_loss`.
    """
    _check_parameters(s=s, strip=strip)
    E, _ = _errors(validation)
    fires = np.broadcast_to(_strip_ends(E.shape[-1], strip), E.shape).copy()
    rises = np.zeros(E.shape, bool)
    rises[..., strip:] = (E[..., strip:] > E[..., :-strip]) | np.isnan(E[..., strip:])
    for back in range(0, s * strip, strip):
        fires[..., back:] &= rises[..., : max(0, E.shape[-1] - back)]
        fires[..., :back] = False
    return _first(fires)


def _errors(validation):
    E = np.asarray(validation, dtype=float)
    _check(E.ndim >= 1 and E.shape[-1] > 0, "a curve needs at least one epoch")
    _check(not np.any(E < 0), "errors are not negative")
    return E, np.fmin.accumulate(E, axis=-1)


def _strip_ends(epochs, strip):
    return np.arange(1, epochs + 1) % strip == 0


def _first(fires):
    return np.where(fires.any(-1), fires.argmax(-1) + 1.0, np.nan)


def _check_parameters(alpha=0, s=1, strip=1):
    inputs.number("alpha", alpha)
    inputs.need(inputs.is_whole(s), "s", "a whole number", s)
    inputs.need(inputs.is_whole(strip), "strip", "a whole number", strip)
    _check(alpha >= 0, "the threshold alpha must be at least 0")
    _check(s >= 1, "the number of increases s must be at least 1")
    _check(strip >= 1, "a strip has at least 1 epoch")


def _check(condition, sentence):
    if not condition:
        raise ValueError(f"Early stopping: {sentence}.")


class _Criterion(keras.callbacks.EarlyStopping):
    """Keras keeps the best epoch and its weights; a subclass says when to stop.

    An odd value does not break off the training: the first of its kind is told as a
    warning. An epoch with a missing or negative error does not count; NaN, as for the
    functions above, counts as an increase.

    Attributes
    ----------
    stopped_epoch, best_epoch : int
        From 0, as `keras.callbacks.EarlyStopping` counts; stopped_epoch is 0 where
        training was not stopped.
    """

    def __init__(self, monitor, restore_best_weights, verbose, start_from_epoch):
        inputs.text("monitor", monitor, "a name in the history")
        inputs.truth("restore_best_weights", restore_best_weights)
        inputs.whole("verbose", verbose)
        inputs.whole("start_from_epoch", start_from_epoch)
        super().__init__(
            monitor=monitor,
            patience=sys.maxsize,
            mode="min",
            restore_best_weights=restore_best_weights,
            verbose=verbose,
            start_from_epoch=start_from_epoch,
        )

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self.curves, self._told = {name: [] for name in self._names()}, set()
        self._judged = False

    def on_epoch_end(self, epoch, logs=None):
        logs = dict(logs or {})
        if not self._judged:  # a new model has no metrics before its first epoch
            self._refuse_quality()
        if epoch < self.start_from_epoch or not self._usable(logs):
            return
        values = [float(logs[name]) for name in self.curves]
        if np.isnan(values[0]):
            logs[self.monitor] = np.inf  # or Keras would take NaN as the best
        super().on_epoch_end(epoch, logs)
        for curve, value in zip(self.curves.values(), values):
            curve.append(value)
        if not np.isnan(self._stop(*self.curves.values())):
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def _refuse_quality(self):
        """Raise for a monitored value that grows as the network improves."""
        for name in self.curves:
            _check(
                not _grows_with_quality(self.model, name),
                f"`{name}` grows as the network improves, and the criterion needs an"
                " error, which falls: monitor a loss, such as `val_loss`, or compile a"
                " metric that counts errors",
            )
        self._judged = True

    def _usable(self, logs):
        """Whether the epoch counts; each kind of odd value is told once."""
        missing = [name for name in self.curves if logs.get(name) is None]
        present = {name: logs[name] for name in self.curves if name not in missing}
        negative = [name for name, value in present.items() if value < 0]
        for name in missing:
            self._tell(
                (name, "missing"),
                f"`{name}`, which is not among {', '.join(logs) or 'no values'}: such"
                " an epoch does not count",
            )
        for name in negative:
            self._tell(
                (name, "negative"),
                f"errors, but `{name}` is negative ({present[name]:g}): such an epoch"
                " does not count",
            )
        for name, value in present.items():
            if np.isnan(value):
                self._tell(
                    (name, "NaN"),
                    f"numbers, but `{name}` is NaN: it counts as an increase",
                )
        return not (missing or negative)

    def _tell(self, kind, need):
        """Warn, once in a training for each kind."""
        if kind not in self._told:
            self._told.add(kind)
            warnings.warn(f"{type(self).__name__} needs {need}.", stacklevel=4)

    def _names(self):
        return [self.monitor]


def _grows_with_quality(model, name):
    """Whether Keras, left to itself, would take a larger value of `name` as better."""
    judge = keras.callbacks.EarlyStopping(name, patience=sys.maxsize, mode="auto")
    judge.set_model(model)
    judge.on_train_begin()
    try:
        for epoch, value in enumerate((1.0, 2.0)):
            judge.on_epoch_end(epoch, {name: value})
    except ValueError:  # Keras does not know: the caller says that it is an error
        return False
    return float(judge.best) == 2.0


class GeneralizationLoss(_Criterion):
    """Stop when the validation error is more than `alpha` percent above its best so far
    (Prechelt's GL_alpha).

    Parameters
    ----------
    alpha : float
    monitor : str
        An error, not negative and to be small.
    restore_best_weights : bool
        End with the weights of the best epoch.
    verbose : int
        1 says where it stopped.
    start_from_epoch : int
        Epochs to leave out at the beginning, as `keras.callbacks.EarlyStopping` does:
        best error, curve and strips begin after them.

    Raises
    ------
    ValueError
        For a parameter outside its range; at the end of the first epoch, for a monitor
        that grows with quality, such as "val_accuracy" (Keras's mode "auto" judges).
    """

    def __init__(
        self,
        alpha,
        monitor="val_loss",
        restore_best_weights=False,
        verbose=0,
        start_from_epoch=0,
    ):
        _check_parameters(alpha=alpha)
        super().__init__(monitor, restore_best_weights, verbose, start_from_epoch)
        self.alpha = alpha

    def _stop(self, validation):
        return stop_generalization_loss(validation, self.alpha)


class ProgressQuotient(_Criterion):
    """Stop when the generalization loss is large against the training progress of a
    strip (Prechelt's PQ_alpha).

    Parameters
    ----------
    alpha : float
    strip : int
        Epochs in a strip.
    monitor, training : str
        Validation and training error.
    restore_best_weights, verbose, start_from_epoch
        As for :class:`GeneralizationLoss`.
    """

    def __init__(
        self,
        alpha,
        strip=5,
        monitor="val_loss",
        training="loss",
        restore_best_weights=False,
        verbose=0,
        start_from_epoch=0,
    ):
        _check_parameters(alpha=alpha, strip=strip)
        super().__init__(monitor, restore_best_weights, verbose, start_from_epoch)
        inputs.text("training", training, "a name in the history")
        self.alpha, self.strip, self.training = alpha, strip, training

    def _names(self):
        return [self.monitor, self.training]

    def _stop(self, validation, training):
        return stop_progress_quotient(validation, training, self.alpha, self.strip)


class SuccessiveIncreases(_Criterion):
    """Stop when the validation error rose in `s` strips in a row (Prechelt's UP_s).

    Parameters
    ----------
    s : int
    strip : int
        Epochs in a strip.
    monitor, restore_best_weights, verbose, start_from_epoch
        As for :class:`GeneralizationLoss`.
    """

    def __init__(
        self,
        s,
        strip=5,
        monitor="val_loss",
        restore_best_weights=False,
        verbose=0,
        start_from_epoch=0,
    ):
        _check_parameters(s=s, strip=strip)
        super().__init__(monitor, restore_best_weights, verbose, start_from_epoch)
        self.s, self.strip = s, strip

    def _stop(self, validation):
        return stop_successive_increases(validation, self.s, self.strip)

"""The compiled loop: updates of all replicas, and their evaluation after each epoch.

One replica's update is what `fit` does with one batch, written as a function of
numbers: Keras's own model, loss, optimizer and metrics read and write their variables
in a `keras.StatelessScope`.
`tf.vectorized_map` runs it on the stacked variables of all replicas; nothing crosses
from one to another.
"""

import functools

import keras
import numpy as np
import tensorflow as tf

from .limits import ReplicaError
from .randomness import draws_elsewhere
from .stateless import make_stackable, stateless_optimizer

KEPT_SHAPES = 8  # of one training, compiled for each


class Loop:
    """One compiled training: network, shapes, loss, metrics and kind of optimizer.
    Weights, rates, seeds and data come with each call.

    Parameters
    ----------
    model : keras.Model
        Its weights are not used; it is compiled.
    optimizer, loss, metrics
        As in `compile`.
    x, y : array
        Samples to try them on; only shapes and types matter.
    """

    def __init__(self, model, optimizer, loss, metrics, x, y):
        self.model, self.optimizer = model, stateless_optimizer(optimizer)
        make_stackable(model)
        model.compile(
            loss=loss, metrics=[_fresh(metric) for metric in metrics], jit_compile=False
        )  # its own optimizer is never asked
        self.optimizer.build(model.trainable_variables)
        self._try(x[:2], y[:2])
        self.counter, self.tracker = self.optimizer._iterations, model.metrics[0]
        self.slots = [v for v in self.optimizer.variables if v is not self.counter]
        self.counts = model.metrics_variables
        self._of_model = [*model.trainable_variables, *model.non_trainable_variables]
        self.variables = [*self._of_model, *self.slots, *self.counts]
        self._samples = x[:0]
        self.zero = [np.asarray(v) for v in self.counts]
        self.names = list(model.get_metrics_result())
        self.pace = {}  # (B, R) -> seconds per update of all replicas, as last measured
        self._compiled = {}
        self._jit = True  # until XLA lacks something

    def _try(self, x, y):
        """Build what Keras builds at the first batch; what does not fit says so
        here."""
        try:
            with keras.StatelessScope() as scope:
                self.model(x, training=True)
            with keras.StatelessScope() as quiet:
                y_hat = self.model(x, training=False)
            loss = self.model.compute_loss(x, y, y_hat, training=False)
            self.model.compute_metrics(x, y, y_hat)
            results = {**self.model.get_metrics_result(), "loss": loss}
        except Exception as error:
            raise ReplicaError(
                f"Model, loss and metrics do not fit samples of shape {x.shape[1:]}"
                f" with labels of shape {y.shape[1:]}:"
                f" {' '.join(str(error).split())[:300]}"
            ) from error
        self.model.reset_metrics()
        self.changed_by_evaluation = any(
            quiet.get_current_value(v) is not None for v in self.model.variables
        )  # some random images draw then, too
        rewritten = [
            v.path
            for v in self.model.trainable_variables
            if scope.get_current_value(v) is not None
        ]
        if rewritten:
            raise ReplicaError(
                f"A layer rewrites its trainable weights {rewritten[0]} while it"
                " computes, which replicas cannot follow."
            )
        vectors = [name for name, value in results.items() if np.asarray(value).shape]
        if vectors:
            raise ReplicaError(
                f"{vectors[0]} gives {np.asarray(results[vectors[0]]).shape} numbers,"
                " but a column holds one: average it."
            )

    def run(self, call, part, groups, step, x, y, held_out):
        """A call for every group of replicas, side by side.

        Parameters
        ----------
        call : Call
        part : int or None
            Samples that are evaluated together; None: as many as in a batch.
        groups : list of (values, rows)
            As in `_span`, for each group.

        Returns
        -------
        results : list
            What `_span` returns, for each group.
        compiled : bool
            Whether it had to be compiled first.
        """
        arguments = (
            groups,
            step,
            x,
            y,
            *map(tf.constant, (call.epochs, call.start, call.stop, call.finish)),
            held_out,
        )
        key = (
            call.B,
            part,
            *(
                (array.shape, array.dtype)
                for array in (x, y, *(rows for _, rows in groups), *sum(held_out, ()))
            ),
        )
        if key in self._compiled:
            return self._compiled[key](*arguments), False
        while len(self._compiled) >= KEPT_SHAPES:
            del self._compiled[next(iter(self._compiled))]
        results = None
        if self._jit:
            compiled = self._compile(call.B, part, arguments, jit=True)
            try:
                results = None if draws_elsewhere(compiled) else compiled(*arguments)
            except (
                tf.errors.InvalidArgumentError,
                tf.errors.UnimplementedError,
                tf.errors.InternalError,
            ):
                pass  # XLA lacks an operation
        if results is None:
            self._jit = False
            compiled = self._compile(call.B, part, arguments, jit=None)
            results = compiled(*arguments)
        self._compiled[key] = compiled
        return results, True

    def _compile(self, B, part, arguments, jit):
        span = tf.function(
            functools.partial(self._span, B, part or B),
            jit_compile=jit,
            autograph=False,
        )

        def run(groups, step, x, y, epochs, start, stop, finish, held_out):
            return [
                span(values, step, x, y, rows, epochs, start, stop, finish, held_out)
                for values, rows in groups
            ]

        return tf.function(run, autograph=False).get_concrete_function(*arguments)

    def predict(self, weights, x):
        """The outputs (R, m, ...) of replicas with these weights, each (R, ...) and in
        Keras's order."""
        given = {
            id(v): tf.constant(stack) for v, stack in zip(self.model.weights, weights)
        }
        R = len(weights[0])
        values = [
            given[id(v)] if id(v) in given else tf.repeat(v.value[None], R, axis=0)
            for v in self._of_model
        ]  # random layers' seeds play no part
        return self._outputs(*values, tf.constant(x)).numpy()

    @functools.cached_property
    def _outputs(self):
        """The compiled forward pass, for any number of replicas and samples."""

        def outputs(*arguments):
            *values, x = arguments

            def one(values):
                with keras.StatelessScope(zip(self._of_model, values)):
                    return self.model(x, training=False)

            return _vectorized(one, values)

        samples = tf.TensorSpec((None, *self._samples.shape[1:]), self._samples.dtype)
        return tf.function(outputs, autograph=False).get_concrete_function(
            *map(_stack_of, self._of_model), samples
        )

    @functools.cached_property
    def finalize(self):
        """The end of `fit`, compiled: with use_ema, the averages become the weights."""

        def finalize(*values):
            def one(values):
                with self._scope(values, tf.zeros((), self.counter.dtype)) as scope:
                    self.optimizer.finalize_variable_values(
                        self.model.trainable_variables
                    )
                    return self._values(scope)

            return _vectorized(one, list(values))

        return tf.function(finalize, autograph=False).get_concrete_function(
            *map(_stack_of, self.variables)
        )

    # One replica

    def _update(self, values, step, x, y):
        """What `fit` does with one batch: new values of all variables, and the loss."""
        with self._scope(values, step) as scope:
            with tf.GradientTape() as tape:
                weights = [v.value for v in self.model.trainable_variables]
                tape.watch(weights)
                y_hat = self.model(x, training=True)
                loss = self.model.compute_loss(x, y, y_hat, training=True)
                scaled = self.optimizer.scale_loss(loss)
            self.optimizer.apply(
                tape.gradient(scaled, weights), self.model.trainable_variables
            )
            self.tracker.update_state(loss, sample_weight=x.shape[0])
            self.model.compute_metrics(x, y, y_hat)
            return self._values(scope), loss

    def _evaluate(self, values, step, x, y):
        """What `evaluate` does with one batch: new values of all variables."""
        with self._scope(values, step) as scope:
            y_hat = self.model(x, training=False)
            loss = self.model.compute_loss(x, y, y_hat, training=False)
            self.tracker.update_state(loss, sample_weight=x.shape[0])
            self.model.compute_metrics(x, y, y_hat)
            return self._values(scope)

    def _result(self, values, step):
        """Loss and metrics of the batches so far."""
        with self._scope(values, step):
            return tf.stack(
                [
                    tf.cast(value, tf.float32)
                    for value in self.model.get_metrics_result().values()
                ]
            )

    def _scope(self, values, step):
        return keras.StatelessScope(
            [*zip(self.variables, values), (self.counter, step)], collect_losses=True
        )

    def _values(self, scope):
        return [
            tf.convert_to_tensor(scope.get_current_value(v)) for v in self.variables
        ]

    # All replicas of a group

    def _reset(self, values, R):
        return values[: -len(self.zero)] + [
            tf.broadcast_to(zero, (R, *zero.shape)) for zero in self.zero
        ]

    def _map(self, function, values, *arguments):
        """A function of one replica for all: `arguments` are each replica's own."""
        return _vectorized(lambda parts: function(*parts), (values, *arguments))

    def _span(
        self, B, part, values, step, x, y, rows, epochs, start, stop, finish, held_out
    ):
        """Some epochs, or a part of one: full batches `start` to `stop`, and with
        `finish` the smaller last batch and the evaluation.

        Parameters
        ----------
        values : list of tensor, each (R, ...)
        step : int tensor
            Updates so far.
        x, y : tensor, shape (m, ...)
        rows : tensor, shape (C, R, n)
            Each replica's order of its samples, for up to C epochs.
        held_out : list of pairs of tensors

        Returns
        -------
        values, step
        losses : tensor, shape (C * updates, R)
        table : tensor, shape (C, columns, R)
        """
        C, R, n = rows.shape
        full, rest = divmod(n, B)
        updates = full + (rest > 0)

        def update(place, batch, values, step, losses):
            values, loss = self._map(
                lambda v, x, y: self._update(v, step, x, y),
                values,
                tf.gather(x, batch),
                tf.gather(y, batch),
            )
            return values, step + 1, losses.write(place, tf.cast(loss, tf.float32))

        def epoch(e, values, step, losses, table):
            order = rows[e]

            def body(u, values, step, losses):
                return u + 1, *update(
                    e * updates + u,
                    tf.slice(order, (0, u * B), (R, B)),
                    values,
                    step,
                    losses,
                )

            def end():
                last = (
                    update(
                        e * updates + full, order[:, full * B :], values, step, losses
                    )
                    if rest
                    else (values, step, losses)
                )
                fresh, row = self._table_row(*last[:2], R, part, held_out)
                return fresh, *last[1:], row

            if full:
                _, values, step, losses = tf.while_loop(
                    lambda u, *_: u < stop, body, (start, values, step, losses)
                )
            values, step, losses, row = tf.cond(
                finish, end, lambda: (values, step, losses, tf.zeros((width, R)))
            )
            return e + 1, values, step, losses, table.write(e, row)

        width = len(self.names) * (1 + len(held_out))
        losses, table = (
            tf.TensorArray(tf.float32, size, element_shape=shape)
            for size, shape in ((C * updates, (R,)), (C, (width, R)))
        )
        _, values, step, losses, table = tf.while_loop(
            lambda e, *_: e < epochs, epoch, (0, values, step, losses, table)
        )
        return values, step, losses.stack(), table.stack()

    def _table_row(self, values, step, R, part, held_out):
        """Fresh counts; loss and metrics of the epoch and of the sets that are watched:
        (columns, R)."""
        results = [self._map(lambda v: self._result(v, step), values)]
        for x, y in held_out:
            values = self._reset(values, R)
            whole = x.shape[0] // part * part

            def body(i, values):
                batch = [
                    tf.slice(
                        data, (i, *[0] * (len(data.shape) - 1)), (part, *data.shape[1:])
                    )
                    for data in (x, y)
                ]
                return i + part, self._map(
                    lambda v: self._evaluate(v, step, *batch), values
                )

            if whole:
                _, values = tf.while_loop(lambda i, _: i < whole, body, (0, values))
            if whole < x.shape[0]:
                values = self._map(
                    lambda v: self._evaluate(v, step, x[whole:], y[whole:]), values
                )
            results.append(self._map(lambda v: self._result(v, step), values))
        return self._reset(values, R), tf.transpose(tf.concat(results, axis=1))


def _vectorized(function, arguments):
    """`function` of one replica's part of every argument, for all replicas at once."""
    return tf.vectorized_map(
        tf.autograph.experimental.do_not_convert(function), arguments, warn=False
    )


def _fresh(metric):
    """A metric without the counts of the given object, which is left untouched."""
    return (
        type(metric).from_config(metric.get_config())
        if isinstance(metric, keras.metrics.Metric)
        else metric
    )


def _stack_of(variable):
    """What a stack of a variable's values looks like."""
    return tf.TensorSpec((None, *variable.shape), variable.dtype)

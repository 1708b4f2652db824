"""Many seeds for the price of one: R copies of a small Keras model, trained together in compiled loops.

The R copies' variables are stacked along a first axis; `tf.vectorized_map` runs the model on all of them
at once, each with its own batch, its own dropout masks and its own order of the data, and the optimizer
updates the stacks. Nothing crosses from one replica to another: a replica trains as it would alone.
"""

import functools
import os
import random

import numpy as np
import pandas as pd

CALL_UPDATES = 1000  # updates in one compiled call: many, to hide its overhead; few enough for a progress bar
BAR_SECONDS = 3  # a run this long shows a progress bar
MASK_UPDATES = 16  # updates whose dropout masks are drawn together
WEIGHT_BY_WEIGHT = {"SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion"}


class ReplicaError(ValueError):
    """Something that cannot be trained as replicas; the message says what, and what to do."""


class Runs:
    """What :func:`fit_replicas` returns.

    Attributes
    ----------
    seeds : list of int
    learning_rates : list of float or None
        Where every replica has its own rate: the rates; the two frames then have a column learning_rate.
    history : pandas.DataFrame
        One row for each replica and epoch: seed, epoch (from 1), loss, the metrics, and the same names
        with ``val_`` where there is validation data. Loss and metrics are means over the epoch's
        batches, as `fit` reports them.
    updates : pandas.DataFrame or None
        One row for each replica and update: seed, update (from 1), loss of the batch.
    weights : list of array
        The model's variables in Keras's order, each with a first axis of length R.
    """

    def __init__(self, seeds, learning_rates, template, history, updates, weights):
        self.seeds, self.learning_rates, self._template = seeds, learning_rates, template
        self.history, self.updates, self.weights = history, updates, weights

    def model(self, seed, learning_rate=None):
        """An ordinary Keras model with the weights of one replica (KeyError if there is none).

        Where the same seed was trained with several rates, `learning_rate` says which.
        """
        rates = self.learning_rates or [None] * len(self.seeds)
        found = [r for r, pair in enumerate(zip(self.seeds, rates)) if pair[0] == seed and learning_rate in (None, pair[1])]
        if len(found) != 1:
            raise KeyError(f"There {'is no replica' if not found else 'are several replicas'} with seed {seed!r} and "
                           f"learning rate {learning_rate!r}; the seeds are {self.seeds}, the rates {self.learning_rates}.")
        import keras

        model = keras.models.clone_model(self._template)
        model.set_weights([stack[found[0]] for stack in self.weights])
        return model

    def predict(self, x, batch_size=1000):
        """The outputs of all replicas for the inputs `x` of shape (m, ...): an array of shape (R, m, ...)."""
        x = np.asarray(x)
        return np.concatenate([self._outputs(x[i : i + batch_size]).numpy() for i in range(0, len(x), batch_size)], axis=1)

    @functools.cached_property
    def _outputs(self):
        """The compiled forward pass of all replicas."""
        import tensorflow as tf

        template, trainable = self._template, len(self._template.trainable_variables)
        values = dict(zip(map(id, template.weights), self.weights))  # seeds of dropout are variables too, but no weights
        stacks = [tf.constant(values[id(v)]) if id(v) in values else tf.stack([v.value] * len(self.seeds))
                  for v in template.trainable_variables + template.non_trainable_variables]

        @tf.function(reduce_retracing=True)
        def run(part):
            return tf.vectorized_map(lambda w: template.stateless_call(w[:trainable], w[trainable:], part, training=False)[0], stacks)

        return run


def data_order(seed, epoch, m):
    """The order in which the replica of `seed` sees the m samples in an epoch (from 0): shape (m,)."""
    return np.random.default_rng([seed, epoch]).permutation(m)


def initial_weights(build_model, seeds):
    """Initial values of a model's variables for every seed.

    Each variable is drawn again by its layer's own initializer, seeded by the replica's seed and the
    variable's place: far faster than building R models. Where the initializer cannot be found, or does
    not give the value that the model has, the model is built once for each seed after all.

    Parameters
    ----------
    build_model : callable
        Takes nothing, returns a built Keras model.
    seeds : list of int

    Returns
    -------
    list of array
        For ``model.weights``, each of shape (R, ...).
    """
    model = build_model()
    owners = {id(variable): layer for layer in _layers(model) for variable in layer.weights}
    stacks, unexplained = [], []
    for place, variable in enumerate(model.weights):
        value = np.asarray(variable)
        initializer = getattr(owners[id(variable)], f"{variable.name}_initializer", None)
        if _is_random(initializer) and np.array_equal(np.asarray(initializer(variable.shape, variable.dtype)), value):
            draws = [int(np.random.SeedSequence([seed, place]).generate_state(1)[0] >> 1) for seed in seeds]
            kind, config = type(initializer), initializer.get_config()
            stacks.append(np.stack([np.asarray(kind.from_config({**config, "seed": draw})(variable.shape, variable.dtype)) for draw in draws]))
        else:
            stacks.append(np.repeat(value[None], len(seeds), axis=0))
            if value.size and np.any(value != value.flat[0]):  # neither random by a known rule nor constant
                unexplained.append(place)
    if unexplained:
        built = [_built_with(build_model, seed) for seed in seeds]
        for place in unexplained:
            stacks[place] = np.stack([weights[place] for weights in built])
    return stacks


def _is_random(initializer):
    import keras

    return isinstance(initializer, keras.initializers.Initializer) and "seed" in initializer.get_config()


def _built_with(build_model, seed):
    """The weights of a model built while Python's generator, from which Keras draws its seeds, starts at `seed`."""
    state = random.getstate()
    random.seed(seed)
    try:
        return build_model().get_weights()
    finally:
        random.setstate(state)


def fit_replicas(build_model, x, y, seeds, optimizer, loss, metrics=(), epochs=1, batch_size=32, validation_data=None,
                 learning_rates=None, weights=None, subsets=None, per_update=False):
    """Train one replica of a model for every seed, all at once.

    Parameters
    ----------
    build_model : callable
        Takes nothing, returns an uncompiled, built Keras model (Sequential or functional) of one input.
    x, y : array, shape (m, ...)
    seeds : iterable of int
        Each gives its replica's initial weights, dropout masks and order of the data. They differ,
        unless `learning_rates` tell replicas of the same seed apart.
    optimizer : str or keras.optimizers.Optimizer
        One that works weight by weight. The object itself is left untouched.
    loss : str or keras.losses.Loss
    metrics : sequence of str or keras.metrics.Metric
    epochs : int
    batch_size : int or sequence of int
        A sequence gives each epoch its own; the optimizer's state goes on. The last batch of an epoch
        is smaller where the batch size does not divide m, as in `fit`.
    validation_data : (array, array) or dict of them, optional
        Evaluated after every epoch. With several sets, ``{"val": (x, y), "test": (x, y)}``, the names
        are the prefixes of the columns.
    learning_rates : array, shape (R,), optional
        A rate for each replica, instead of the optimizer's own (with a schedule: a factor would be
        ambiguous, so not allowed).
    weights : list of array, optional
        Where to start instead of fresh weights: as `Runs.weights`, each with a first axis of length R.
        The optimizer starts afresh.
    subsets : array of int, shape (R, n), optional
        The samples of each replica, as places in `x` and `y`: replica r trains on ``x[subsets[r]]``.
    per_update : bool
        Also keep the loss of every update.

    Returns
    -------
    Runs

    Raises
    ------
    ReplicaError
        If the model or the optimizer cannot be trained this way, or the data do not fit.
    """
    import keras
    import tensorflow as tf
    from tqdm.auto import tqdm

    seeds, x, y = list(seeds), np.asarray(x), np.asarray(y)
    batch_sizes = [batch_size] * epochs if np.ndim(batch_size) == 0 else list(batch_size)
    held_out = validation_data if isinstance(validation_data, dict) else {} if validation_data is None else {"val": validation_data}
    _check_data(x, y, epochs, batch_sizes, held_out)
    subsets = _check_subsets(subsets, len(seeds), len(x))
    template = build_model()
    optimizer, rates, rate_scale = _prepare_optimizer(keras.optimizers.get(optimizer), learning_rates, len(seeds))
    _check_seeds(seeds, rates)
    dropouts = _check_model(template, x)
    loss, metrics = _loss(loss), [_metric(metric, y, template.output_shape) for metric in metrics]

    weights = initial_weights(build_model, seeds) if weights is None else _check_weights(weights, template, len(seeds))
    start = dict(zip(map(id, template.weights), weights))
    stacked = [[keras.Variable(start.get(id(v), np.stack([np.asarray(v)] * len(seeds))), dtype=v.dtype, name=v.name, trainable=t) for v in group]
               for group, t in ((template.trainable_variables, True), (template.non_trainable_variables, False))]
    trainer = _Trainer(template, stacked, optimizer, rate_scale, loss, metrics, dropouts, tf.constant(x), tf.constant(y), subsets, seeds,
                       [tuple(tf.constant(np.asarray(part)) for part in data) for data in held_out.values()])

    m, names = trainer.m, ["loss", *(metric.name for metric in metrics)]
    blocks, losses = [], []
    quiet = bool(os.environ.get("TQDM_DISABLE"))  # tqdm.notebook itself does not look at it
    bar = tqdm(total=epochs, desc=f"{len(seeds)} replicas", unit="epoch", delay=BAR_SECONDS, leave=False, disable=quiet)
    try:
        for ahead in _calls(batch_sizes, m):
            orders = np.stack([[data_order(seed, epoch, m) for seed in seeds] for epoch in ahead]).astype(np.int32)  # (epochs, R, m)
            block, of_updates = trainer.run(orders, ahead[0], batch_sizes[ahead[0]])
            blocks.append(block.numpy())  # (epochs, columns, R)
            losses.append(of_updates.numpy())  # (updates, R)
            bar.update(len(ahead))
    except KeyboardInterrupt:
        print(f"Interrupted after {sum(map(len, blocks))} of {epochs} epochs: the history so far is kept.")
    finally:
        bar.close()
        trainer.release()
    names += [f"{prefix}_{name}" for prefix in held_out for name in names]
    history = _tidy(np.concatenate(blocks) if blocks else np.zeros((0, len(names), len(seeds))), seeds, rates, "epoch", names)
    updates = _tidy(np.concatenate(losses)[:, None], seeds, rates, "update", ["loss"]) if per_update and losses else None
    values = {id(v): np.asarray(s) for group, stacks in zip((template.trainable_variables, template.non_trainable_variables), stacked)
              for v, s in zip(group, stacks)}
    return Runs(seeds, rates, template, history, updates, [values[id(v)] for v in template.weights])


class _Trainer:
    """The compiled loops: updates of all replicas, and their evaluation."""

    def __init__(self, template, stacked, optimizer, rate_scale, loss, metrics, dropouts, x, y, subsets, seeds, held_out):
        import tensorflow as tf

        self.template, self.loss, self.metrics, self.dropouts = template, loss, metrics, dropouts
        self.trainable, self.other = stacked
        self.optimizer, self.rate_scale = optimizer, rate_scale
        self.x, self.y, self.held_out, self.subsets, self.seeds = x, y, held_out, subsets, tf.constant(seeds, tf.int32)
        self.R, self.m = len(seeds), x.shape[0] if subsets is None else subsets.shape[1]
        optimizer.build(self.trainable)
        zero = [[tf.zeros((self.R, *v.shape), v.dtype) for v in metric.variables] for metric in metrics]
        self.counters = [[tf.Variable(state) for state in states] for states in zero]
        self._originals = [layer.call for layer in dropouts]
        for place, layer in enumerate(dropouts):
            layer.call = _masked(self, place, layer)
        self._traced = {}

    def release(self):
        """Give the template its own dropout back."""
        for layer, call in zip(self.dropouts, self._originals):
            layer.call = call

    def run(self, orders, first_epoch, B):
        """Some epochs with batches of B, for orders of shape (epochs, R, m): (epochs, columns, R) and (updates, R)."""
        import tensorflow as tf

        if B not in self._traced:  # once for each batch size, for any number of epochs
            shape = tf.TensorSpec((None, self.R, self.m), tf.int32)
            self._traced[B] = tf.function(self._run).get_concrete_function(shape, tf.TensorSpec((), tf.int32), B)
        if self.subsets is not None:
            orders = np.take_along_axis(self.subsets[None], orders, axis=2)
        return self._traced[B](tf.constant(orders), tf.constant(first_epoch))

    def _run(self, orders, first_epoch, B):
        import tensorflow as tf

        m = self.m
        full, rest = divmod(m, B)
        epochs, updates = tf.shape(orders)[0], full + (rest > 0)
        table = tf.TensorArray(tf.float32, epochs)
        losses = tf.TensorArray(tf.float32, epochs * updates)
        for e in tf.range(epochs):
            self._reset()
            total = tf.zeros(self.R)
            masks = [tf.zeros((self.R, MASK_UPDATES, B, *layer.mask_shape), tf.bool) for layer in self.dropouts]  # drawn below
            for u in tf.range(full):
                if self.dropouts:
                    if u % MASK_UPDATES == 0:
                        masks = self._draw_masks(first_epoch + e, u, MASK_UPDATES, B)
                rows = orders[e][:, u * B : (u + 1) * B]
                rows.set_shape((self.R, B))
                loss = self._update(rows, [mask[:, u % MASK_UPDATES] for mask in masks])
                total += loss * B
                losses = losses.write(e * updates + u, loss)
            if rest:
                last = self._draw_masks(first_epoch + e, full, 1, rest)
                loss = self._update(orders[e][:, m - rest :], [mask[:, 0] for mask in last])
                total += loss * rest
                losses = losses.write(e * updates + full, loss)
            columns = [total / m, *self._results()]
            for data in self.held_out:
                columns += self._evaluate(*data)
            table = table.write(e, tf.stack(columns))
        return table.stack(), losses.stack()

    def _update(self, rows, masks):
        """One update of every replica on its own rows (R, B); the losses (R,)."""
        import tensorflow as tf

        x, y = tf.gather(self.x, rows), tf.gather(self.y, rows)
        with tf.GradientTape() as tape:
            weights = [v.value for v in self.trainable]
            others = [v.value for v in self.other]
            losses, others, counters = tf.vectorized_map(self._train_one, (weights, others, self._states(), x, y, masks))
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, weights)
        before = [] if self.rate_scale is None else [tf.identity(v.value) for v in self.trainable]
        self.optimizer.apply(gradients, self.trainable)
        if self.rate_scale is not None:  # the step of every optimizer here is proportional to its rate
            for stack, old in zip(self.trainable, before):
                stack.assign(old + tf.reshape(self.rate_scale, (-1,) + (1,) * (len(old.shape) - 1)) * (stack.value - old))
        self._constrain()
        for variable, value in zip(self.other, others):
            variable.assign(value)
        self._keep(counters)
        return losses

    def _train_one(self, arguments):
        weights, others, counters, x, y, self.masks = arguments
        loss, penalty, others, counters = self._forward(weights, others, counters, x, y, training=True)
        return loss + penalty, others, counters

    def _forward(self, weights, others, counters, x, y, training):
        """Of one replica on one batch: loss, regularization losses, and the new state of variables and metrics."""
        output, others, extra = self.template.stateless_call(weights, others, x, training=training, return_losses=True)
        y = _same_rank(y, output)
        counters = [metric.stateless_update_state(c, y, output) for metric, c in zip(self.metrics, counters)]
        return self.loss(y, output), sum(extra, 0.0), others, counters

    def _evaluate(self, x, y, part=1000):
        """Loss and metrics of every replica on validation data, in parts of 1,000 samples."""
        import tensorflow as tf

        self._reset()
        total = tf.zeros(self.R)
        state = ([v.value for v in self.trainable], [v.value for v in self.other])
        for i in range(0, x.shape[0], part):
            xs, ys = x[i : i + part], y[i : i + part]

            def one(arguments):
                loss, penalty, _, counters = self._forward(*arguments, xs, ys, training=False)
                return loss * len(xs), tf.convert_to_tensor(penalty), counters

            losses, penalties, counters = tf.vectorized_map(one, (*state, self._states()))
            self._keep(counters)
            total += losses
        return [total / x.shape[0] + penalties, *self._results()]

    def _constrain(self):
        import tensorflow as tf

        for stack, variable in zip(self.trainable, self.template.trainable_variables):
            if variable.constraint is not None:
                stack.assign(tf.vectorized_map(variable.constraint, stack.value))

    def _draw_masks(self, epoch, update, count, B):
        """Which units stay, for the next updates: one array (R, updates, B, ...) of booleans for each dropout layer."""
        import tensorflow as tf

        def draw(seed, place, layer):
            shape = (count, B, *layer.mask_shape)
            return tf.random.stateless_uniform(shape, tf.stack([seed * 1009 + place, epoch * 1000003 + update])) >= layer.rate

        return [tf.map_fn(lambda seed: draw(seed, place, layer), self.seeds, fn_output_signature=tf.bool) for place, layer in enumerate(self.dropouts)]

    def _states(self):
        return [[v.value() for v in group] for group in self.counters]

    def _keep(self, states):
        for group, values in zip(self.counters, states):
            for variable, value in zip(group, values):
                variable.assign(value)

    def _reset(self):
        for group in self.counters:
            for variable in group:
                variable.assign(variable * 0)

    def _results(self):
        import tensorflow as tf

        return [tf.vectorized_map(metric.stateless_result, [v.value() for v in group]) for metric, group in zip(self.metrics, self.counters)]


def _masked(trainer, place, layer):
    """A dropout layer's call that takes the replica's drawn mask."""
    import tensorflow as tf

    def call(inputs, training=False):
        if not training or layer.rate == 0:
            return inputs
        mask = trainer.masks[place]
        return tf.where(mask, inputs / (1 - layer.rate), tf.zeros_like(inputs))

    return call


def _layers(layer):
    """A layer and all layers inside it."""
    inner = getattr(layer, "layers", []) or ([layer.layer] if hasattr(layer, "layer") else [])
    return [layer, *(deep for child in inner for deep in _layers(child))]


def _check_model(model, x):
    """The model's dropout layers, each given `mask_shape`; ReplicaError if the model cannot be vectorized."""
    import keras

    if not isinstance(model, keras.Model) or not model.built or len(model.inputs) != 1:
        raise ReplicaError("build_model must return a built Sequential or functional model of one input (begin it with keras.Input).")
    if tuple(model.input_shape[1:]) != x.shape[1:]:
        raise ReplicaError(f"x has samples of shape {x.shape[1:]}, but the model takes {tuple(model.input_shape[1:])}.")
    dropouts = [layer for layer in _layers(model) if type(layer) is keras.layers.Dropout]
    random = [v for v in model.non_trainable_variables if "seed_generator" in v.path]
    if len(random) != len([layer for layer in dropouts if layer.rate > 0]):
        raise ReplicaError("Of the layers that draw random numbers, replicas can have keras.layers.Dropout only. Leave the others out.")
    for layer in dropouts:
        if layer.noise_shape is not None:
            raise ReplicaError("Dropout with a noise_shape cannot be trained as replicas.")
        layer.mask_shape = tuple(layer.input.shape[1:])
    return dropouts


def _calls(batch_sizes, m):
    """Epochs that one compiled call does: at most so many updates, and all with the same batch size."""
    ahead = []
    for epoch, B in enumerate(batch_sizes):
        if ahead and (B != batch_sizes[ahead[0]] or (len(ahead) + 1) * -(-m // B) > CALL_UPDATES):
            yield ahead
            ahead = []
        ahead.append(epoch)
    yield ahead


def _check_seeds(seeds, rates):
    if not seeds or not all(isinstance(s, (int, np.integer)) and 0 <= s < 2**20 for s in seeds):
        raise ReplicaError(f"seeds must be whole numbers from 0 to {2**20 - 1}, at least one.")
    if len(set(zip(seeds, rates or [None] * len(seeds)))) != len(seeds):
        raise ReplicaError("seeds must be different, or differ in their learning rate: two equal replicas would be counted twice.")


def _check_subsets(subsets, R, m):
    if subsets is None:
        return None
    subsets = np.asarray(subsets)
    if subsets.ndim != 2 or len(subsets) != R or subsets.shape[1] == 0 or not np.issubdtype(subsets.dtype, np.integer):
        raise ReplicaError(f"subsets must be whole numbers of shape ({R}, n): a row of places for each seed, not {subsets.dtype} {subsets.shape}.")
    if subsets.min() < 0 or subsets.max() >= m:
        raise ReplicaError(f"subsets must be places from 0 to {m - 1}; they reach from {subsets.min()} to {subsets.max()}.")
    return subsets.astype(np.int32)


def _check_weights(weights, model, R):
    wanted, given = [(R, *v.shape) for v in model.weights], [np.shape(w) for w in weights]
    if wanted != given:
        raise ReplicaError(f"weights must be arrays of the shapes {wanted} (first axis: the replicas), not {given}.")
    return [np.asarray(w) for w in weights]


def _check_data(x, y, epochs, batch_sizes, held_out):
    if len(x) != len(y) or len(x) == 0:
        raise ReplicaError(f"x and y must have the same number of samples, at least one: they have {len(x)} and {len(y)}.")
    if epochs < 1 or min(batch_sizes, default=0) < 1:
        raise ReplicaError(f"epochs and batch_size must be at least 1, not {epochs} and {batch_sizes[:1]}.")
    if len(batch_sizes) != epochs:
        raise ReplicaError(f"batch_size must be one number, or one for each of the {epochs} epochs, not {len(batch_sizes)}.")
    if any(len(x) != len(y) for x, y in held_out.values()):
        raise ReplicaError("The two arrays of validation_data must have the same number of samples.")


def _prepare_optimizer(optimizer, learning_rates, R):
    """A fresh copy of the optimizer, the replicas' own rates, and the factor of each replica's step (both may be None)."""
    name = type(optimizer).__name__
    if name not in WEIGHT_BY_WEIGHT:
        raise ReplicaError(f"{name} looks at more than one weight at a time, so replicas would disturb each other. "
                           f"Use one of {', '.join(sorted(WEIGHT_BY_WEIGHT))}.")
    if optimizer.clipnorm or optimizer.global_clipnorm:
        raise ReplicaError("Clipping by norm would mix the replicas: use clipvalue.")
    config = optimizer.get_config()
    if learning_rates is None:
        return type(optimizer).from_config(config), None, None
    rates = np.asarray(learning_rates, dtype=float)
    if rates.shape != (R,) or not np.all(rates > 0):
        raise ReplicaError(f"learning_rates must have one rate above 0 for each of the {R} replicas, not {learning_rates!r}.")
    if isinstance(config["learning_rate"], dict) or name == "Ftrl":
        raise ReplicaError("learning_rates need an optimizer with a constant rate, and not Ftrl.")
    fresh = type(optimizer).from_config({**config, "learning_rate": float(rates.max())})  # the others are scaled down
    return fresh, rates.tolist(), (rates / rates.max()).astype("float32")


def _loss(loss):
    """A loss object from an object or a Keras name ("mse", "mean_squared_error", "MeanSquaredError")."""
    import keras

    return loss if isinstance(loss, keras.losses.Loss) else _named(loss, keras.losses, "loss")()


def _metric(metric, y, output_shape):
    """A metric object from an object or a Keras name; "accuracy" is chosen by the output as Keras does."""
    import keras

    if isinstance(metric, keras.metrics.Metric):
        return type(metric).from_config(metric.get_config())
    if metric in ("accuracy", "acc"):
        if output_shape[-1] == 1:
            return keras.metrics.BinaryAccuracy(name=metric)
        one_hot = y.ndim == len(output_shape) and y.shape[-1] > 1
        return keras.metrics.MeanMetricWrapper(_hits_one_hot if one_hot else _hits, name=metric)
    return _named(metric, keras.metrics, "metric")(name=metric)


def _named(name, module, kind):
    """The class in `keras.losses` or `keras.metrics` that a Keras name means."""
    try:
        found = module.get(name)
    except ValueError:
        found = None
    if found is None or not isinstance(name, str):
        raise ReplicaError(f"There is no {kind} {name!r} in {module.__name__}: give a name that Keras knows, or an object.")
    camel = "".join(word.capitalize() for word in getattr(found, "__name__", "").split("_"))  # mean_squared_error -> MeanSquaredError
    return getattr(module, camel, None) or (found if isinstance(found, type) else type(found))


def _hits(y, output):
    """Where the largest output is the label's (keras.ops.argmax has no vectorized form, TensorFlow's has)."""
    import tensorflow as tf

    labels = tf.reshape(y, tf.shape(output)[:-1])
    return tf.cast(tf.argmax(output, axis=-1) == tf.cast(labels, tf.int64), tf.float32)


def _hits_one_hot(y, output):
    import tensorflow as tf

    return _hits(tf.argmax(y, axis=-1), output)


def _same_rank(y, output):
    """Labels (B,) against outputs (B, 1) would broadcast to (B, B): give them their last axis."""
    return y[..., None] if len(y.shape) == len(output.shape) - 1 and output.shape[-1] == 1 else y


def _tidy(values, seeds, rates, count, names):
    """(steps, columns, R) as a frame with one row for each replica and step."""
    steps = len(values)
    frame = pd.DataFrame({"seed": np.repeat(seeds, steps)})
    if rates is not None:
        frame["learning_rate"] = np.repeat(rates, steps)
    frame[count] = np.tile(np.arange(1, steps + 1), len(seeds))
    return frame.assign(**{name: values[:, k].T.ravel() for k, name in enumerate(names)})

"""C61: raise the batch instead of lowering the rate, after Smith, Kindermans, Ying and
Le 2017.

SGD with momentum 0.9; at each of some epochs the rate is divided by 5 (decay), or the
batch multiplied by 5 (increase), or the first step raises the batch and the others
lower the rate (hybrid). A batch may not exceed a tenth of the data: what is then
missing, the rate makes up for. The paper's net is WRN-16-4 on CIFAR-10 (rate 0.1, batch
128; length, steps and weight decay as usual for wide residual nets; no ghost batches).
The same comparison on MNIST with a small dense net runs on any computer.
"""

import keras
from keras import layers, ops

from .training import (
    Data,
    Lookup,
    checkpoint_epochs,
    compile_classifier,
    load_data,
    train,
)

JOBS = (
    "MNIST decay",
    "MNIST hybrid",
    "MNIST increase",
    "MNIST constant",
    "WRN decay",
    "WRN hybrid",
    "WRN increase",
)
FACTOR = 5
DEFAULT_LENGTHS = {}  # the paper's


def settings(job, scale, length):
    """Everything that the results depend on, apart from arm and seed."""
    small, net = scale == "small", job.split()[0]
    if net == "MNIST":
        s = {
            "data": "MNIST, 5,000 digits" if small else "MNIST",
            "layers": "784-256-256-10",
            "dropout": 0.3,
            "rate": 0.05,
            "batch": 50,
        }
        epochs, steps = 3 if small else 30, (1 / 3, 2 / 3)
    else:
        s = {
            "data": "made-up pictures" if small else "CIFAR-10",
            "depth": 10 if small else 16,
            "width": 1 if small else 4,
            "weight_decay": 5e-4,
            "rate": 0.1,
            "batch": 10 if small else 128,
        }
        epochs, steps = 3 if small else 200, (0.3, 0.6, 0.8)
    epochs = epochs if small else max(len(steps) + 1, round(epochs * length))
    steps_at = [max(1, round(epochs * step)) for step in steps]
    return {
        "net": net,
        **s,
        "momentum": 0.9,
        "epochs": epochs,
        "steps_at": steps_at,
        "factor": FACTOR,
        "largest_batch": 0.1,
    }


def work(job, settings):
    """Size of a job, in GFLOP."""
    return settings["epochs"] * (
        60000 * 0.0016 if settings["net"] == "MNIST" else 50000 * 2.3
    )


def plan(job, s, m):
    """Batch size and learning rate of every epoch.

    Returns
    -------
    list of (int, float)
    """
    epochs, found = s["epochs"], []
    for epoch in range(epochs):
        passed = (
            0
            if job.endswith("constant")
            else sum(epoch >= step for step in s["steps_at"])
        )
        raised = {"increase": passed, "hybrid": min(passed, 1)}.get(job.split()[1], 0)
        batch = min(s["batch"] * s["factor"] ** raised, int(s["largest_batch"] * m))
        found.append((batch, s["rate"] / (s["factor"] ** passed * s["batch"] / batch)))
    return found


def rate_schedule(epochs, m):
    """The rate of every update, from (batch, rate) of every epoch: a Keras schedule, or
    a number."""
    boundaries, values, done = [], [epochs[0][1]], 0
    for batch, rate in epochs:
        if rate != values[-1]:
            boundaries, values = (
                [*boundaries, done - 1],
                [*values, rate],
            )  # Keras takes the next value after a boundary
        done += m // batch
    return (
        keras.optimizers.schedules.PiecewiseConstantDecay(boundaries, values)
        if boundaries
        else values[0]
    )


class ShiftAndFlip(layers.Layer):
    """While training: every picture shifted by up to `most` pixels, zeros moving in,
    and half of them mirrored."""

    def __init__(self, most, seed):
        super().__init__()
        self.most, self.seeds = most, keras.random.SeedGenerator(seed)

    def call(self, x, training=False):
        if not training:
            return x
        size, count = x.shape[1], ops.shape(x)[0]
        for equation in (
            "bij,bjkc->bikc",
            "bij,bkjc->bkic",
        ):  # rows, then columns: products with matrices of zeros and ones
            shift = keras.random.randint(
                (count, 1), -self.most, self.most + 1, seed=self.seeds
            )
            x = ops.einsum(
                equation, ops.one_hot(ops.arange(size) + shift, size, dtype=x.dtype), x
            )
        mirrored = keras.random.uniform((count, 1, 1, 1), seed=self.seeds) < 0.5
        return ops.where(mirrored, ops.flip(x, axis=2), x)


def wide_resnet(h, depth, width, weight_decay, seed):
    """A wide residual net (Zagoruyko and Komodakis 2016) up to the logits."""
    places = iter(range(1000))

    def options():
        return {
            "kernel_initializer": keras.initializers.HeNormal(
                seed=1000 * seed + next(places)
            ),
            "kernel_regularizer": keras.regularizers.L2(weight_decay / 2),
        }  # its gradient is weight_decay * w

    def conv(h, filters, size=3, stride=1):
        return layers.Conv2D(
            filters, size, stride, padding="same", use_bias=False, **options()
        )(h)

    def active(h):
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(h))

    h = conv(h, 16)
    for group, filters in enumerate((16 * width, 32 * width, 64 * width)):
        for block in range((depth - 4) // 6):
            stride, a = 2 if group and not block else 1, active(h)
            h = (
                h
                if h.shape[-1] == filters and stride == 1
                else conv(a, filters, 1, stride)
            )
            h = layers.Add()([h, conv(active(conv(a, filters, 3, stride)), filters)])
    return layers.Dense(10, **options())(layers.GlobalAveragePooling2D()(active(h)))


def dense_net(h, widths, rate, seed):
    """Dense ReLU layers with dropout, up to the logits."""
    for place, width in enumerate(widths):
        h = layers.Dense(
            width,
            activation="relu",
            kernel_initializer=keras.initializers.HeNormal(seed=1000 * seed + place),
        )(h)
        h = layers.Dropout(rate, seed=1000 * seed + 500 + place)(h)
    return layers.Dense(
        10, kernel_initializer=keras.initializers.GlorotUniform(seed=1000 * seed + 400)
    )(h)


def run(run):
    """Train one arm with one seed; its rows."""
    s = run.settings
    data = Data(*load_data(s["data"]))
    epochs = plan(run.job, s, data.m)
    rows = keras.Input((), dtype="int32")
    if s["net"] == "MNIST":
        h = dense_net(
            Lookup(data.x.reshape(len(data.x), -1))(rows),
            map(int, s["layers"].split("-")[1:-1]),
            s["dropout"],
            run.seed,
        )
    else:
        x = Lookup(
            data.x, mean=data.x[: data.m].mean(axis=(0, 1, 2)) / 255, scale=1 / 255
        )(rows)
        h = wide_resnet(
            ShiftAndFlip(4, 1000 * run.seed + 999)(x),
            s["depth"],
            s["width"],
            s["weight_decay"],
            run.seed,
        )
    optimizer = keras.optimizers.SGD(
        rate_schedule(epochs, data.m), momentum=s["momentum"]
    )
    model = compile_classifier(
        keras.Model(rows, h), optimizer, data.m // max(batch for batch, _ in epochs)
    )
    found = train(
        run,
        model,
        data,
        [batch for batch, _ in epochs],
        checkpoint_epochs(s["epochs"], 30),
    )
    return [
        {
            **row,
            "batch": epochs[row["epoch"] - 1][0],
            "learning_rate": epochs[row["epoch"] - 1][1],
        }
        for row in found
    ]

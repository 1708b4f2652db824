"""C55 on ImageNet, after Smith 2017: AlexNet and GoogLeNet, arms of `cyclical` that run
when they are named (``--arms AlexNet``).

The pictures come from folders, one for each class: ``imagenet/train/CLASS/*`` and
``imagenet/val/CLASS/*`` in the folder that ``COURSE_DATA`` names. Each is brought to
256 by 256 pixels, less ImageNet's mean colour; training takes a random crop, mirrored
at random, the test the middle.

AlexNet is Caffe's (Krizhevsky et al. 2012, pooling after normalization), GoogLeNet that
of Szegedy et al. 2015 with its two auxiliary classifiers. Rates, batches and lengths
are those of Smith's sections 4.2.1 and 4.2.2; what he does not say is our reading:
`fixed` falls tenfold every quarter of its updates (every 100,000 of AlexNet, as in
Caffe's file), and both limits of `triangular2` with it.
"""

import os
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from ..data import FOLDER_VARIABLE, DataError
from ..schedules import CyclicalLearningRate
from .training import (
    Product,
    checkpoint_epochs,
    compile_classifier,
    pictures,
    train,
    updates_at_once,
)

NETS = {
    "AlexNet": {
        "batch": 256,
        "crop": 227,
        "base": 0.01,
        "max": 0.015,
        "exp_limits": [0.006, 0.014],
        "gamma": 0.999995,
        "weight_decay": 0.0005,
        "gflop": 4.3,  # of one picture, forward and backward
        "updates": {
            "fixed": 400000,
            "triangular2": 400000,
            "exp": 460000,
            "exp_range": 300000,
        },
    },
    "GoogLeNet": {
        "batch": 128,
        "crop": 224,
        "base": 0.01,
        "max": 0.026,
        "exp_limits": [0.01, 0.026],
        "gamma": 0.99998,
        "weight_decay": 0.0002,
        "gflop": 9.5,
        "updates": {
            "fixed": 420000,
            "triangular2": 420000,
            "exp": 240000,
            "exp_range": 240000,
        },
    },
}
JOBS = tuple(
    f"{net} {policy}" for net, has in NETS.items() for policy in has["updates"]
)
SIZE = 256  # of a picture before the crop
MEAN_COLOUR = (124, 117, 104)
KINDS = {".jpeg", ".jpg", ".png"}


def settings(job, scale, length):
    """Everything that the results depend on, apart from arm and seed."""
    net, small = job.split()[0], scale == "small"
    length = 2e-5 if small else length
    has = NETS[net]
    return {
        **{key: value for key, value in has.items() if key not in ("updates", "gflop")},
        "net": net,
        "data": "made-up pictures" if small else "ImageNet",
        "batch": 20 if small else has["batch"],
        "crop": 67 if small else has["crop"],
        "size": 72 if small else SIZE,
        "length": length,
        "step_size": max(1, round(30000 * length)),
        "gamma": has["gamma"] ** (1 / length),
        "drops": 3,
        "momentum": 0.9,
    }


def work(job, s):
    """Size of a job, in GFLOP."""
    net, policy = job.split()
    has = NETS[net]
    return has["updates"][policy] * s["length"] * s["batch"] * has["gflop"]


def rate(job, s, updates):
    """The learning rate of an arm, as a Keras schedule."""
    policy = job.split()[1]
    schedules = keras.optimizers.schedules
    if policy in ("fixed", "triangular2"):
        quarters = [updates * k // (s["drops"] + 1) for k in range(1, s["drops"] + 1)]
        falling = schedules.PiecewiseConstantDecay(
            quarters, [0.1**k for k in range(s["drops"] + 1)]
        )
    else:
        falling = schedules.ExponentialDecay(1.0, 1, s["gamma"])
    if policy == "fixed":
        return Product(lambda step: s["base"], falling)
    low, high = s["exp_limits"]
    if policy == "exp":  # the middle of exp_range
        return Product(lambda step: (low + high) / 2, falling)
    if policy == "triangular2":
        low, high = s["base"], s["max"]
    kind = "triangular" if policy == "exp_range" else "triangular2"
    return Product(CyclicalLearningRate(low, high, s["step_size"], kind), falling)


class Crops:
    """Pictures that are read and cropped when a batch needs them.

    Parameters
    ----------
    train, test : (list of pathlib.Path or array of uint8, list of int)
        Files, or pictures of shape (m, height, width, 3), and their labels.
    size, crop : int
        Pixels of a side, before and after the crop.
    """

    def __init__(self, train, test, size, crop):
        self.sources = [*train[0], *test[0]]
        self.y = np.array([*train[1], *test[1]], "int32")
        self.m, self.size, self.crop = len(train[0]), size, crop

    def rows(self, part):
        """The numbers of the pictures of "train" or "test"."""
        first, last = (0, self.m) if part == "train" else (self.m, len(self.y))
        return np.arange(first, last, dtype="int32")

    def feed(self, rows, batch, draw=None):
        """What `fit` and `evaluate` take: the pictures `rows`, in this order.

        Parameters
        ----------
        rows : array of int
        batch : int
        draw : tuple of int, optional
            Seed of random crops; without it the middle is taken.
        """
        return {"x": _Batches(self, rows, batch, draw)}

    def picture(self, row, rng):
        """One picture, cropped: float32, shape (crop, crop, 3)."""
        source = self.sources[row]
        if isinstance(source, Path):
            try:
                image = keras.utils.load_img(source, target_size=(self.size,) * 2)
            except OSError as error:
                raise DataError(
                    f"{source.name} cannot be read as a picture ({error}): copy it"
                    " anew, or take it out of its folder."
                ) from error
            source = np.asarray(image)
        spare = self.size - self.crop
        top, left = (
            (spare // 2,) * 2 if rng is None else rng.integers(spare + 1, size=2)
        )
        part = source[top : top + self.crop, left : left + self.crop]
        if rng is not None and rng.random() < 0.5:
            part = part[:, ::-1]
        return part - np.array(MEAN_COLOUR, "float32")


class _Batches(keras.utils.PyDataset):
    def __init__(self, data, rows, batch, draw):
        super().__init__(workers=os.cpu_count() or 1, use_multiprocessing=False)
        self.data, self.rows, self.batch, self.draw = data, rows, batch, draw

    def __len__(self):
        return -(-len(self.rows) // self.batch)

    def __getitem__(self, k):
        rows = self.rows[k * self.batch : (k + 1) * self.batch]
        rng = None if self.draw is None else np.random.default_rng([*self.draw, k])
        return np.stack([self.data.picture(i, rng) for i in rows]), self.data.y[rows]


def files():
    """ImageNet's pictures: ``(paths, labels), (paths, labels)`` of train and val.

    Raises
    ------
    DataError
        If the folders are not there or hold no pictures; the message says what to do.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    if not folder:
        raise DataError(
            f"ImageNet is not downloaded: name in the variable {FOLDER_VARIABLE} a"
            " folder with imagenet/train/CLASS/ and imagenet/val/CLASS/."
        )
    parts, classes = [], None
    for part in ("train", "val"):
        place = Path(folder, "imagenet", part)
        kinds = sorted(path for path in place.glob("*") if path.is_dir())
        names = [path.name for path in kinds]
        found = [
            (file, label)
            for label, kind in enumerate(kinds)
            for file in sorted(kind.iterdir())
            if file.suffix.lower() in KINDS
        ]
        if not found or names != (classes or names):
            raise DataError(
                f"imagenet/{part} in the folder that {FOLDER_VARIABLE} names must hold"
                " a folder of pictures for each class, the same ones in train and val."
            )
        classes = names
        parts.append(tuple(zip(*found)))
    return parts


def load(s):
    """The pictures that the settings name, as :class:`Crops`."""
    small = s["data"] == "made-up pictures"
    parts = pictures(200, 100, s["size"]) if small else files()
    return Crops(*parts, s["size"], s["crop"])


class AcrossChannels(layers.Layer):
    """Local response normalization over 5 neighbouring channels: x / (1 + 1e-4 * mean
    of their squares) ** 0.75 (Caffe's form)."""

    def call(self, x):
        squares = ops.pad(ops.square(x), [[0, 0], [0, 0], [0, 0], [2, 2]])
        n = x.shape[-1]
        total = sum(squares[..., k : k + n] for k in range(5))
        return x * ops.power(1 + 1e-4 / 5 * total, -0.75)


def alexnet(s, seed, classes):
    """Pictures (B, crop, crop, 3) to logits (B, classes)."""
    place = iter(range(100 * seed, 100 * seed + 100))

    def options(std, bias):
        return {
            "kernel_initializer": keras.initializers.RandomNormal(0, std, next(place)),
            "bias_initializer": keras.initializers.Constant(bias),
            "kernel_regularizer": keras.regularizers.L2(s["weight_decay"] / 2),
        }

    def conv(h, filters, size, bias, groups=1, **more):
        parts = ops.split(h, groups, axis=-1) if groups > 1 else [h]
        found = [
            layers.Conv2D(
                filters // groups,
                size,
                activation="relu",
                **options(0.01, bias),
                **more,
            )(part)
            for part in parts
        ]  # the paper's two devices: each sees half of the channels
        return layers.Concatenate()(found) if groups > 1 else found[0]

    pool = lambda h: layers.MaxPooling2D(3, 2)(h)
    x = keras.Input((s["crop"], s["crop"], 3))
    h = pool(AcrossChannels()(conv(x, 96, 11, 0.0, strides=4)))
    h = pool(AcrossChannels()(conv(h, 256, 5, 0.1, groups=2, padding="same")))
    h = conv(h, 384, 3, 0.0, padding="same")
    h = conv(h, 384, 3, 0.1, groups=2, padding="same")
    h = layers.Flatten()(pool(conv(h, 256, 3, 0.1, groups=2, padding="same")))
    for _ in range(2):
        h = layers.Dense(4096, activation="relu", **options(0.005, 0.1))(h)
        h = layers.Dropout(0.5, seed=next(place))(h)
    return keras.Model(x, layers.Dense(classes, **options(0.01, 0.0))(h))


INCEPTION = {  # 1x1; 1x1 before 3x3, 3x3; 1x1 before 5x5, 5x5; after the pool
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}
AUXILIARY = 0.3  # weight of each auxiliary classifier's loss


def googlenet(s, seed, classes):
    """Pictures (B, crop, crop, 3) to logits (B, 3, classes): the network's, and those
    of its auxiliary classifiers."""
    place = iter(range(1000 * seed, 1000 * seed + 1000))

    def options(**more):
        return {
            "kernel_initializer": keras.initializers.GlorotUniform(next(place)),
            "kernel_regularizer": keras.regularizers.L2(s["weight_decay"] / 2),
            **more,
        }

    def conv(h, filters, size, strides=1):
        return layers.Conv2D(
            filters,
            size,
            strides,
            "same",
            activation="relu",
            **options(bias_initializer=keras.initializers.Constant(0.2)),
        )(h)

    def inception(h, name):
        one, before3, three, before5, five, pooled = INCEPTION[name]
        branches = [
            conv(h, one, 1),
            conv(conv(h, before3, 1), three, 3),
            conv(conv(h, before5, 1), five, 5),
            conv(layers.MaxPooling2D(3, 1, "same")(h), pooled, 1),
        ]
        return layers.Concatenate()(branches)

    def head(h, share):
        h = layers.Dropout(share, seed=next(place))(h)
        return layers.Dense(classes, **options())(h)

    def auxiliary(h):
        side = min(5, h.shape[1])
        h = conv(layers.AveragePooling2D(side, 3)(h), 128, 1)
        h = layers.Dense(1024, activation="relu", **options())(layers.Flatten()(h))
        return head(h, 0.7)

    pool = lambda h: layers.MaxPooling2D(3, 2, "same")(h)
    x = keras.Input((s["crop"], s["crop"], 3))
    h = AcrossChannels()(pool(conv(x, 64, 7, 2)))
    h = pool(AcrossChannels()(conv(conv(h, 64, 1), 192, 3)))
    h = pool(inception(inception(h, "3a"), "3b"))
    first = inception(h, "4a")
    second = inception(inception(inception(first, "4b"), "4c"), "4d")
    h = inception(pool(inception(second, "4e")), "5a")
    main = head(layers.GlobalAveragePooling2D()(inception(h, "5b")), 0.4)
    heads = [main, auxiliary(first), auxiliary(second)]
    return keras.Model(x, ops.stack(heads, axis=1))


def compiled(net, model, optimizer, steps):
    """The network, ready for `fit`; accuracy and cross-entropy are the main one's."""
    if net == "AlexNet":
        return compile_classifier(model, optimizer, steps)
    entropy = keras.losses.sparse_categorical_crossentropy

    def of(k):
        return lambda y, heads: entropy(y, heads[:, k], from_logits=True)

    def loss(y, heads):
        return of(0)(y, heads) + AUXILIARY * (of(1)(y, heads) + of(2)(y, heads))

    def accuracy(y, heads):
        return keras.metrics.sparse_categorical_accuracy(y, heads[:, 0])

    mean = keras.metrics.MeanMetricWrapper
    metrics = [mean(accuracy, "accuracy"), mean(of(0), "cross_entropy")]
    at_once = updates_at_once(steps)
    model.compile(optimizer, loss, metrics=metrics, steps_per_execution=at_once)
    return model


def run(run):
    """Train one arm with one seed; its rows."""
    s, (net, policy) = run.settings, run.job.split()
    data = load(s)
    steps = data.m // s["batch"]
    updates = NETS[net]["updates"][policy] * s["length"]
    epochs = max(1, round(updates / steps))
    build = alexnet if net == "AlexNet" else googlenet
    model = build(s, run.seed, int(data.y.max()) + 1)
    optimizer = keras.optimizers.SGD(
        rate(run.job, s, epochs * steps), momentum=s["momentum"]
    )
    return train(
        run,
        compiled(net, model, optimizer, steps),
        data,
        [s["batch"]] * epochs,
        checkpoint_epochs(epochs, 30),
    )

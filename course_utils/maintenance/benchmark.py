"""How much faster replicas are than a loop of `fit`: ``python -m
course_utils.maintenance.benchmark`` (`make bench`).

Whole calls, with building and tracing; each row is measured in one run and gives the
median of three. `first` is a call whose loop has to be compiled, `repeated` one that
finds it. A loop of `fit` over all seeds would take minutes, so one model is fitted and
its time is scaled to all seeds.
"""

import argparse
import statistics
import time

import numpy as np

REPEATS = 3
# case -> (seeds, times faster than a loop of `fit`: first call, repeated call)
TARGETS = {
    "XOR 2-8-1": [(20, 250, 4000), (100, 1200, 20000)],
    "MNIST 784-128-10": [(10, 12, 18), (20, 12, 18)],
    "with dropout": [(10, 10, 15)],
    "with batch normalization": [(10, 12, 18)],
    "small CNN": [(10, 5, 6)],
    "wide, 784-1024-1024-10": [(3, None, None)],
}


def _cases():
    """name -> (build_model, x, y, loss, optimizer, epochs, batch_size)."""
    import keras

    from .. import load_mnist

    (x, y), _ = load_mnist()
    flat, pictures = (
        (x.reshape(-1, 784) / 255).astype("float32"),
        (x[..., None] / 255).astype("float32"),
    )
    corners, xor = (
        np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32"),
        np.array([0, 1, 1, 0], dtype="float32"),
    )
    layers, sgd = keras.layers, lambda: keras.optimizers.SGD(0.1)

    def small():
        return keras.Sequential(
            [
                keras.Input((2,)),
                layers.Dense(8, activation="tanh"),
                layers.Dense(1, activation="sigmoid"),
            ]
        )

    def mlp(*extra, widths=(128,)):
        return lambda: keras.Sequential(
            [
                keras.Input((784,)),
                *(layers.Dense(n, activation="relu") for n in widths),
                *(make() for make in extra),
                layers.Dense(10, activation="softmax"),
            ]
        )

    def cnn():
        return keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(8, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Conv2D(16, 3, activation="relu"),
                layers.MaxPooling2D(),
                layers.Flatten(),
                layers.Dense(10, activation="softmax"),
            ]
        )

    loss = "sparse_categorical_crossentropy"
    digits = (flat, y, loss, sgd, 8, 32)
    return {
        "XOR 2-8-1": (
            small,
            corners,
            xor,
            "binary_crossentropy",
            lambda: keras.optimizers.Adam(0.05),
            300,
            4,
        ),
        "MNIST 784-128-10": (mlp(), *digits),
        "with dropout": (mlp(lambda: layers.Dropout(0.5)), *digits),
        "with batch normalization": (mlp(layers.BatchNormalization), *digits),
        "small CNN": (cnn, pictures[:1000], y[:1000], loss, sgd, 2, 32),
        "wide, 784-1024-1024-10": (mlp(widths=(1024, 1024)), flat, y, loss, sgd, 1, 32),
    }


def _fit(build, x, y, loss, optimizer, epochs, batch_size, **watched):
    """Seconds of `fit` for one model, from building it to the end."""
    start = time.perf_counter()
    model = build()
    model.compile(optimizer(), loss, metrics=watched.get("metrics"))
    model.fit(
        x,
        y,
        epochs=epochs,
        batch_size=batch_size,
        verbose=0,
        validation_data=watched.get("validation_data"),
    )
    return time.perf_counter() - start


def _replicas(seeds, build, x, y, loss, optimizer, epochs, batch_size, **watched):
    """Seconds of a first and of a repeated call."""
    from .. import fit_replicas
    from ..replicas import training

    training.forget()
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        fit_replicas(
            build,
            x,
            y,
            range(seeds),
            optimizer(),
            loss,
            epochs=epochs,
            batch_size=batch_size,
            **watched,
        )
        seconds.append(time.perf_counter() - start)
    return seconds


def multiply_adds(model, batch_size):
    """Of the matrix products of one update of a dense network: forward, dW, and dX but
    for the first layer."""
    sizes = [
        layer.kernel.shape.num_elements()
        for layer in model.layers
        if type(layer).__name__ == "Dense"
    ]
    return batch_size * (3 * sum(sizes) - sizes[0])


def matrix_rate(seconds=1.0):
    """The machine's own limit here: multiply-adds per second (in 1e9) of 32-bit matrix
    products by TensorFlow."""
    import tensorflow as tf

    a = tf.random.uniform((1024, 1024))
    product = tf.function(lambda: tf.linalg.matmul(a, a)[0, 0])
    product()
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        float(product())
        count += 1
    return count * 1024**3 / (time.perf_counter() - start) / 1e9


def main(arguments=None):
    """Print the table; a row for each case (or for those whose name contains an
    argument)."""
    parser = argparse.ArgumentParser(
        prog="python -m course_utils.maintenance.benchmark",
        description=__doc__,
    )
    parser.add_argument(
        "names", nargs="*", help="parts of the names of the cases to run (default: all)"
    )
    names = parser.parse_args(arguments).names
    from .. import setup

    setup(seed=0)
    warm = _cases()["XOR 2-8-1"]
    _fit(
        *warm[:5], 1, 4
    )  # both once before the clock runs: TensorFlow's first use is slow
    _replicas(2, *warm[:5], 1, 4)
    print(
        "| case | seeds | watched | fit, one model (s) | first (s) | repeated (s) | ms"
        " per update and replica | times faster, first | target | times faster,"
        " repeated | target | matrix rate (1e9/s) | share"
        " |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    )
    for name, case in _cases().items():
        if names and not any(part in name for part in names):
            continue
        build, x, y, *_, epochs, batch_size = case
        for watched in (
            {},
            {"metrics": ["accuracy"], "validation_data": (x[-1000:], y[-1000:])},
        ):
            rate = matrix_rate()
            alone = _fit(*case, **watched)
            for seeds, *targets in TARGETS[name]:
                first, repeated = map(
                    statistics.median,
                    zip(*(_replicas(seeds, *case, **watched) for _ in range(REPEATS))),
                )
                updates = seeds * epochs * -(-len(x) // batch_size)
                work = updates * multiply_adds(build(), min(batch_size, len(x)))
                share = "" if "CNN" in name else f"{work / repeated / 1e9 / rate:.2f}"
                row = [
                    name,
                    seeds,
                    "yes" if watched else "no",
                    f"{alone:.2f}",
                    f"{first:.2f}",
                    f"{repeated:.3f}",
                    f"{1000 * repeated / updates:.4f}",
                ]
                for seconds, target in zip((first, repeated), targets):
                    row += [f"{seeds * alone / seconds:.1f}", target or ""]
                print(
                    f"| {' | '.join(map(str, [*row, f'{rate:.0f}', share]))} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()

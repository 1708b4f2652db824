"""How much faster replicas are than a loop of `fit`: ``python -m course_utils.benchmark`` (`make bench`).

Each row is measured in one run, whole calls with building and tracing included. A loop over all seeds
would take minutes, so `LOOPED` models are fitted one by one and their time is scaled to all seeds.
"""

import argparse
import time

import numpy as np

LOOPED = 2  # models that the loops of `fit` really train


def _cases():
    """name -> (build_model, x, y, loss, optimizer, epochs, batch_size, seeds, target)."""
    import keras

    from . import load_mnist

    (x, y), _ = load_mnist()
    flat, pictures = (x.reshape(-1, 784) / 255).astype("float32"), (x[..., None] / 255).astype("float32")
    corners, xor = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32"), np.array([0, 1, 1, 0], dtype="float32")
    layers, sgd = keras.layers, lambda: keras.optimizers.SGD(0.1)

    def small():
        return keras.Sequential([keras.Input((2,)), layers.Dense(8, activation="tanh"), layers.Dense(1, activation="sigmoid")])

    def mlp(*extra):
        return lambda: keras.Sequential([keras.Input((784,)), layers.Dense(128, activation="relu"), *(make() for make in extra),
                                         layers.Dense(10, activation="softmax")])

    def cnn():
        return keras.Sequential([keras.Input((28, 28, 1)), layers.Conv2D(8, 3, activation="relu"), layers.MaxPooling2D(),
                                 layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dense(10, activation="softmax")])

    digits = (flat, y, "sparse_categorical_crossentropy", sgd, 8, 32)
    gates = (corners, xor, "binary_crossentropy", lambda: keras.optimizers.Adam(0.05), 300, 4)
    return {
        "XOR 2-8-1": (small, *gates, 20, 150),
        "XOR 2-8-1, more seeds": (small, *gates, 100, 500),
        "MNIST 784-128-10": (mlp(), *digits, 10, 10),
        "MNIST 784-128-10, more seeds": (mlp(), *digits, 20, 10),
        "with dropout": (mlp(lambda: layers.Dropout(0.5)), *digits, 10, 8),
        "with batch normalization": (mlp(layers.BatchNormalization), *digits, 10, 6),
        "small CNN": (cnn, pictures[:1000], y[:1000], "sparse_categorical_crossentropy", sgd, 2, 32, 10, 2),
    }


def _loop(build, x, y, loss, optimizer, epochs, batch_size, **options):
    """Seconds of `fit` for one model, from building it to the end."""
    start = time.perf_counter()
    for _ in range(LOOPED):
        model = build()
        model.compile(optimizer(), loss, **options)
        model.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)
    return (time.perf_counter() - start) / LOOPED


def matrix_rate(seconds=1.0):
    """The machine's own limit here: multiply-adds per second (in 1e9) of 32-bit matrix products by TensorFlow."""
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
    """Print the table; a row for each case (or for those whose name contains an argument)."""
    parser = argparse.ArgumentParser(prog="python -m course_utils.benchmark", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of the names of the cases to run (default: all)")
    names = parser.parse_args(arguments).names
    from . import fit_replicas, setup

    setup(seed=0)
    build, x, y, loss, optimizer, _, batch_size, *_ = _cases()["XOR 2-8-1"]
    _loop(build, x, y, loss, optimizer, 1, batch_size)  # both once before the clock runs: TensorFlow's first use is slow
    fit_replicas(build, x, y, [0, 1], optimizer(), loss)
    print(f"matrix products: {matrix_rate():.0f} thousand million multiply-adds per second\n")
    print("| case | seeds | fit, one model (s) | replicas, all (s) | ms per update and replica | times faster than fit | "
          "than fit, 32 steps per execution | target |\n|---|---|---|---|---|---|---|---|")
    for name, (build, x, y, loss, optimizer, epochs, batch_size, seeds, target) in _cases().items():
        if names and not any(part in name for part in names):
            continue
        case = (build, x, y, loss, optimizer, epochs, batch_size)
        alone, grouped = _loop(*case), _loop(*case, steps_per_execution=32)
        start = time.perf_counter()
        fit_replicas(build, x, y, range(seeds), optimizer(), loss, epochs=epochs, batch_size=batch_size)
        together = time.perf_counter() - start
        each = 1000 * together / (seeds * epochs * -(-len(x) // batch_size))
        print(f"| {name} | {seeds} | {alone:.2f} | {together:.2f} | {each:.3f} | {seeds * alone / together:.1f} | "
              f"{seeds * grouped / together:.1f} | {target} |", flush=True)


if __name__ == "__main__":
    main()

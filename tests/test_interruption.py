"""The stop button: in a real kernel nothing further runs, what was learned is there,
and the bar is gone."""

import time
from queue import Empty

from jupyter_client.manager import start_new_kernel

TRAIN = """
import numpy as np, keras
from course_utils import fit_replicas

x = np.random.default_rng(0).normal(size=(2000, 5)).astype("float32")
runs = fit_replicas(
    lambda: keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)]),
    x,
    x[:, :1],
    range(2),
    "sgd",
    "mse",
    epochs=100000,
    batch_size=2,
)
print("went on")
"""
LOOK = (
    "import sys; print(len(sys.last_value.runs.weights),"
    " sys.last_value.runs.history.columns.tolist())"
)


def messages(client, request, seconds, until=None):
    """What a request published until a message of this type came, or the kernel was
    idle, or for so long."""
    found, end = [], time.time() + seconds
    while time.time() < end:
        try:
            message = client.get_iopub_msg(timeout=0.5)
        except Empty:
            continue
        if message["parent_header"].get("msg_id") == request:
            found.append((message["msg_type"], message["content"]))
            if (
                message["msg_type"] == until
                or message["content"].get("execution_state") == "idle"
            ):
                break
    return found


def test_the_stop_button_stops_and_nothing_is_left_behind(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    manager, client = start_new_kernel()
    try:
        request = client.execute(TRAIN)
        before = messages(client, request, 60, until="update_display_data")
        bar = next(content for kind, content in before if kind == "display_data")
        assert (
            "2 replicas" in bar["data"]["text/plain"]
            and "left" in bar["data"]["text/plain"]
        )
        manager.interrupt_kernel()
        pressed = time.time()
        after = messages(client, request, 30)
        assert time.time() - pressed < 10
        assert any(
            kind == "error" and content["ename"] == "Interrupted"
            for kind, content in after
        )
        assert not any("went on" in content.get("text", "") for _, content in after)
        assert [
            content["data"] for kind, content in after if kind == "update_display_data"
        ][-1] == {}
        told = messages(client, client.execute(LOOK), 30)
        assert any(
            "2 ['seed', 'epoch', 'loss']" in content.get("text", "")
            for _, content in told
        )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)

"""AlexNet and GoogLeNet: the papers' layers, rates and sizes, a small run of each on
made-up pictures, and pictures from folders."""

import keras
import numpy as np
import pytest

from course_utils import DataError
from course_utils import experiments as experiments_of
from course_utils.experiments import imagenet, results
from course_utils.experiments.__main__ import main


def test_the_networks_have_the_papers_numbers_of_parameters():
    """Krizhevsky et al. say 60 million (Caffe's file has 60,965,224); Szegedy et al.'s
    table 6.8 million weights without the classifiers' 1.0, and their auxiliary ones."""
    s = imagenet.settings("AlexNet fixed", "full", 1.0)
    assert imagenet.alexnet(s, 0, 1000).count_params() == 60_965_224
    s = imagenet.settings("GoogLeNet fixed", "full", 1.0)
    assert imagenet.googlenet(s, 0, 1000).count_params() == 13_378_280


def test_normalization_across_channels_divides_by_its_equation():
    x = np.random.default_rng(0).normal(0, 100, (2, 3, 3, 7)).astype("float32")
    found = np.asarray(imagenet.AcrossChannels()(x))
    for c in (0, 3, 6):
        around = x[..., max(0, c - 2) : c + 3]
        expected = x[..., c] / (1 + 1e-4 / 5 * (around**2).sum(axis=-1)) ** 0.75
        assert np.allclose(found[..., c], expected, rtol=1e-5)


def test_googlenets_auxiliary_heads_count_three_tenths():
    """Szegedy et al. 2014, section 5."""
    heads = np.random.default_rng(0).normal(size=(4, 3, 5)).astype("float32")
    y = np.array([0, 4, 2, 2])

    def entropy(k):
        return np.log(np.exp(heads[:, k]).sum(axis=1)) - heads[range(4), k, y]

    inputs = keras.Input((3, 5))
    model = imagenet.compiled("GoogLeNet", keras.Model(inputs, inputs), "sgd", 1)
    expected = entropy(0) + 0.3 * (entropy(1) + entropy(2))
    assert np.allclose(model.loss(y, heads), expected, rtol=1e-5)


def test_rates_are_those_of_the_paper():
    def at(job, *updates):
        s = imagenet.settings(job, "full", 1.0)
        net, policy = job.split()
        schedule = imagenet.rate(job, s, imagenet.NETS[net]["updates"][policy])
        return [float(schedule(t)) for t in updates]

    assert at("AlexNet fixed", 0, 100_000, 100_001, 300_001) == pytest.approx(
        [1e-2, 1e-2, 1e-3, 1e-5]
    )
    assert at("AlexNet triangular2", 0, 30_000, 60_000, 90_000) == pytest.approx(
        [1e-2, 1.5e-2, 1e-2, 1.25e-2]
    )
    fallen = 0.999995**30_000
    assert at("AlexNet exp", 0, 30_000) == pytest.approx(
        [0.01, 0.01 * fallen], rel=1e-3
    )
    assert at("AlexNet exp_range", 0, 30_000) == pytest.approx(
        [0.006, 0.014 * fallen], rel=1e-3
    )
    assert at("GoogLeNet triangular2", 30_000) == pytest.approx([0.026])


def test_a_crop_is_a_part_of_the_picture_less_the_mean_colour():
    x = np.arange(6 * 6 * 3).reshape(1, 6, 6, 3).astype("uint8")
    data = imagenet.Crops((x, [1]), (x, [0]), 6, 4)
    middle = x[0, 1:5, 1:5] - np.array(imagenet.MEAN_COLOUR, "float32")
    assert (data.picture(0, None) == middle).all()
    whole = [x[0], x[0][:, ::-1]]
    drawn = {data.picture(0, np.random.default_rng(k)).tobytes() for k in range(200)}
    places = {
        (
            side[top : top + 4, left : left + 4] - np.float32(imagenet.MEAN_COLOUR)
        ).tobytes()
        for side in whole
        for top in range(3)
        for left in range(3)
    }
    assert drawn == places  # all nine places, mirrored or not, and no others
    feed = data.feed(np.array([0, 1]), 2, (0, 0))["x"]
    again = data.feed(np.array([0, 1]), 2, (0, 0))["x"]
    assert (feed[0][0] == again[0][0]).all() and list(feed[0][1]) == [1, 0]


@pytest.mark.parametrize("arm", ["AlexNet triangular2", "GoogLeNet exp_range"])
def test_a_small_run(arm, tmp_path, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    words = ["cyclical", "--scale", "small", "--seeds", "1", "--arms", arm]
    assert main([*words, "--results", str(tmp_path)]) == 0
    monkeypatch.setattr(experiments_of, "RESULTS", tmp_path)
    (last,) = results("cyclical", "small").tail(1).itertuples()
    assert last.job == arm and last.updates >= 4
    assert np.isfinite([last.train_loss, last.test_loss]).all()


def test_arms_of_imagenet_run_only_when_named():
    from course_utils.experiments.runner import make_jobs

    names = {job.name for job in make_jobs("cyclical", 1, "full", None, None, None, "")}
    assert "fixed" in names and not names & set(imagenet.JOBS)
    jobs = make_jobs("cyclical", 1, "full", None, None, ["alexnet"], "")
    assert [job.name for job in jobs] == [
        f"AlexNet {policy}" for policy in ("fixed", "triangular2", "exp", "exp_range")
    ]


def test_pictures_come_from_a_folder_for_each_class(tmp_path, monkeypatch):
    from PIL import Image

    monkeypatch.delenv("COURSE_DATA", raising=False)
    with pytest.raises(DataError, match="name in the variable COURSE_DATA a folder"):
        imagenet.files()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    with pytest.raises(DataError, match="must hold a folder of pictures"):
        imagenet.files()
    colours = {"n01": (200, 0, 0), "n02": (0, 200, 0)}
    for part in ("train", "val"):
        for name, colour in colours.items():
            folder = tmp_path / "imagenet" / part / name
            folder.mkdir(parents=True)
            Image.new("RGB", (40, 30), colour).save(folder / "1.png")
    (paths, labels), (others, _) = imagenet.files()
    assert [path.parent.name for path in paths] == ["n01", "n02"] and labels == (0, 1)
    data = imagenet.Crops((paths, labels), (others, labels), 12, 8)
    for row, colour in enumerate(colours.values()):
        picture = data.picture(row, None) + np.array(imagenet.MEAN_COLOUR)
        assert picture.shape == (8, 8, 3) and np.allclose(picture, colour)
    paths[1].write_bytes(b"no picture")
    with pytest.raises(DataError, match="1.png cannot be read as a picture"):
        data.picture(1, None)

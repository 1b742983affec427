"""Arrays in .npy and .npz files."""

from importlib import import_module

import numpy as np
import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data import check, load_data

RANDOM = np.random.default_rng(0)
BYTES = RANDOM.integers(0, 256, (40, 3, 10, 12), dtype=np.uint8)  # (N, C, H, W)


def whole(data) -> np.ndarray:
    """All samples in an order of their own."""
    rows = torch.cat([data.x, data.held_out]).numpy()
    return rows[np.lexsort(rows.reshape(len(rows), -1).T)]


def ordered(rows: np.ndarray) -> np.ndarray:
    return rows[np.lexsort(rows.reshape(len(rows), -1).T)]


def saved(tmp_path, array, **more) -> str:
    path = tmp_path / ("array.npz" if more else "array.npy")
    np.savez(path, samples=array, **more) if more else np.save(path, array)
    return str(path)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (BYTES[:, 0], BYTES[:, :1]),
        (BYTES, BYTES),
        (BYTES.transpose(0, 2, 3, 1), BYTES),
        (np.asfortranarray(BYTES), BYTES),
        (BYTES.astype(np.int64), BYTES),
        (BYTES.astype(np.float32), BYTES),
        (BYTES.astype(np.float16), BYTES),
        (BYTES.astype(">f8"), BYTES),
        (BYTES.astype(">i2"), BYTES),
        (BYTES / np.float32(255) * np.float32(255), BYTES),
        ((BYTES / 255).astype(np.float16), BYTES),
        ((BYTES / 127.5 - 1).astype(">f4"), BYTES),
        (BYTES.astype(np.float32) / 255, BYTES),
        (BYTES.astype(np.float64) / 127.5 - 1, BYTES),
        (BYTES > 127, (BYTES > 127) * np.uint8(255)),
        ((BYTES > 127).astype(np.uint8), (BYTES > 127) * np.uint8(255)),
    ],
)
def test_layout_and_range_are_understood(tmp_path, array, expected):
    data = load_data(saved(tmp_path, array))
    assert data.space.shape == expected.shape[1:]
    assert np.array_equal(whole(data), ordered(expected))
    assert "was read as" in data.remarks[0]


def test_a_shape_that_tells_nothing_asks_for_the_layout(tmp_path):
    path = saved(tmp_path, BYTES.transpose(0, 2, 1, 3)[:, :, [0, 1, 2, 0, 1, 2]])  # (N, 10, 6, 12)
    with pytest.raises(Refusal, match="layout=channels_first or layout=channels_last"):
        load_data(path)
    assert load_data({"name": path, "layout": "channels_first"}).space.shape == (10, 6, 12)
    assert load_data({"name": path, "layout": "channels_last"}).space.shape == (12, 10, 6)
    with pytest.raises(Refusal, match="Did you mean 'channels_last'"):
        load_data({"name": path, "layout": "channel_last"})


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (BYTES.astype(np.float32) * 1.5, r"float32 from 0 to 382\.5, and images are uint8"),
        (BYTES.astype(np.int32) * 256, "images are uint8"),
        (BYTES[:, 0].astype(np.float32) * np.nan, "not finite"),
        (BYTES[:, 0].astype(np.complex64), "complex64"),
        (BYTES[0, 0], "points are numbers"),
        (BYTES[0, 0, 0], "images are"),
        (BYTES[:0], "holds no samples"),
        (np.array(3), "holds no samples"),
        (np.full((5, 4, 4), 7, dtype=np.uint8), "nothing to hold out"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, array, said):
    with pytest.raises(Refusal, match=said):
        load_data(saved(tmp_path, array))


def executed(refusal: str, x: np.ndarray) -> np.ndarray:
    """What the quoted lines of numpy make of an array."""
    names = {"np": np, "x": x}
    exec(refusal.split("`")[1], names)
    return names["x"]


@pytest.mark.parametrize(
    "array",
    [
        BYTES - np.int16(128),
        (BYTES - np.int16(128)).astype(np.int8),
        np.rint(BYTES / 255 * 4095).astype(np.uint16),
        np.rint(BYTES / 255 * 1023).astype(">i4"),
        np.rint(BYTES / 255 * 4095).astype(np.float32),
        BYTES * np.uint16(257),
        (BYTES * np.int32(257) - 32768).astype(np.int16),
        BYTES * np.uint64(0x0101010101010101),
        (BYTES - np.float32(127.3)) / 61,
        ((BYTES - 127.3) / 61).astype(np.float16),
        BYTES / 255 * 1e-3 + 1e4,
        BYTES / 255 * 1e9,
        BYTES + RANDOM.uniform(-0.4, 0.4, BYTES.shape),
        BYTES.astype(np.complex64),
    ],
)
def test_the_line_of_numpy_in_a_refusal_mends_the_numbers(tmp_path, array):
    with pytest.raises(Refusal) as refusal:
        load_data(saved(tmp_path, array))
    data = load_data(saved(tmp_path, executed(str(refusal.value), array)))
    assert np.array_equal(whole(data), ordered(BYTES))


@pytest.mark.parametrize("shape", [(100, 6, 6, 3), (100, 6, 6), (100, 2)])
@pytest.mark.parametrize(
    ("rows", "named"), [((7, 40, 93), r"3 samples \(7, 40, 93\)"), (range(9), "2 and 6 more"), (range(100), "every")]
)
def test_samples_that_are_not_finite_are_counted_and_named(tmp_path, shape, rows, named):
    array = RANDOM.uniform(size=shape)
    array[list(rows), 1] = np.nan
    with pytest.raises(Refusal, match=named) as refusal:
        load_data(saved(tmp_path, array))
    rest = 100 if len(rows) == 100 else 100 - len(rows)
    assert len(whole(load_data(saved(tmp_path, executed(str(refusal.value), array))))) == rest


@pytest.mark.parametrize("array", [BYTES // 16, BYTES / 255 / 8, BYTES[:, :1] > 9, BYTES // 8 * 8, BYTES / 2550 - 0.9])
def test_few_steps_are_remarked_on_and_can_be_spread(tmp_path, array):
    remark = load_data(saved(tmp_path, array)).remarks[0]
    steps = len(np.unique(whole(load_data(saved(tmp_path, array)))))
    assert f"Steps used: {steps} of 256" in remark
    if "`" in remark:
        spread = load_data(saved(tmp_path, executed(remark, array)))
        assert np.ptp(whole(spread).astype(int)) >= 128
    assert "Steps used" not in load_data(saved(tmp_path, BYTES)).remarks[0]


def test_a_refusal_says_how_the_axes_were_read(tmp_path):
    tracks = RANDOM.uniform(0, 300, (60, 1, 131, 2))
    form = r"Shape \(60, 1, 131, 2\) was read as \(N, H, W, C\) .*: 60 images of 1 x 131 with 2 channels\."
    with pytest.raises(Refusal, match=form) as refusal:
        load_data(saved(tmp_path, tracks))
    assert load_data(saved(tmp_path, executed(str(refusal.value), tracks))).space.shape == (2, 1, 131)


def test_points_are_kept_as_they_are(tmp_path):
    points = RANDOM.normal(size=(50, 2)) * 30
    data = load_data(saved(tmp_path, points))
    assert data.space.shape == (2,)
    assert data.space.extent > np.abs(points).max()
    assert np.array_equal(whole(data), ordered(points.astype(np.float32)))
    points[7, 1] = np.inf
    with pytest.raises(Refusal, match="not finite"):
        load_data(saved(tmp_path, points))


@pytest.mark.parametrize(
    ("labels", "kind", "names"),
    [
        (np.arange(40) % 3 + 5, "class", ("5", "6", "7")),
        ((np.arange(40) % 3)[:, None], "class", ("0", "1", "2")),
        (np.array(["cat", "dog"] * 20), "class", ("cat", "dog")),
        (np.eye(4)[np.arange(40) % 4], "class", ("0", "1", "2", "3")),
        (np.arange(40)[:, None] // [1, 2, 4] % 2, "multi-hot", ("0", "1", "2")),
        (np.arange(40)[:, None] // [1, 2] % 2 > 0, "multi-hot", ("0", "1")),
        (RANDOM.normal(size=(40, 2)), "vector", ("0", "1")),
        (RANDOM.normal(size=40), "vector", ("0",)),
    ],
)
def test_labels_are_described_and_follow_their_samples(tmp_path, labels, kind, names):
    data = load_data(saved(tmp_path, BYTES, labels=labels))
    assert (data.labels.kind, data.labels.names) == (kind, names)
    encoded = {
        x.numpy().tobytes(): data.labels.encode(y[None])[0]
        for xs, ys in ((data.x, data.y), (data.held_out, data.held_out_y))
        for x, y in zip(xs, ys, strict=True)
    }
    for image, label in zip(BYTES, labels, strict=True):
        found = encoded[image.tobytes()]
        if (kind == "class" and np.ndim(label) == 0) or np.shape(label) == (1,):
            assert names[found.argmax()] == str(np.squeeze(label))
        else:
            stored = data.labels.decode(found).numpy()
            assert np.allclose(stored, np.asarray(label, dtype=np.float32).reshape(-1), atol=1e-6)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (np.arange(39), "for 40 samples"),
        (np.full(40, np.nan), "not finite .* in every sample: save the samples without labels"),
        (
            np.where(np.arange(40) % 20 == 7, np.inf, 1.5),
            r"2 samples \(7, 27\): `keep = np.isfinite\(y\); y = y\[keep\]`",
        ),
        (np.where(np.arange(40) == 7, np.inf, 1.5)[:, None] * [1, 2], r"1 sample \(7\): .*all\(axis=\(1,\)\)"),
        (np.arange(40).astype("datetime64[D]"), "one name per sample"),
        (np.zeros((40, 2, 2)), "is needed"),
    ],
)
def test_labels_that_cannot_be_meant_are_refused(tmp_path, labels, said):
    with pytest.raises(Refusal, match=said):
        load_data(saved(tmp_path, BYTES, labels=labels))


@pytest.mark.parametrize("name", ["labels", "y"])
def test_names_as_objects_get_the_line_that_mends_them(tmp_path, name):
    names = np.array(["disc", "square"] * 20, dtype=object)
    with pytest.raises(Refusal, match=name) as refusal:
        load_data(saved(tmp_path, BYTES, **{name: names}))
    scope = {"y": names}
    exec(str(refusal.value).split("`")[1], scope)
    assert load_data(saved(tmp_path, BYTES, **{name: scope["y"]})).labels.names == ("disc", "square")


def test_images_as_objects_get_the_line_that_mends_them(tmp_path):
    images = np.empty(40, dtype=object)
    images[:] = list(BYTES)
    with pytest.raises(Refusal) as refusal:
        load_data(saved(tmp_path, images))
    assert np.array_equal(whole(load_data(saved(tmp_path, executed(str(refusal.value), images)))), ordered(BYTES))


@pytest.mark.parametrize(("columns", "shape"), [(5, (2,)), (100, (1, 10, 10)), (300, (3, 10, 10))])
def test_tables_get_the_line_that_makes_points_or_images_of_them(tmp_path, columns, shape):
    table = RANDOM.random((40, columns))
    with pytest.raises(Refusal, match=f"is a table of {columns} columns") as refusal:
        load_data(saved(tmp_path, table))
    assert load_data(saved(tmp_path, executed(str(refusal.value), table))).space.shape == shape


def test_a_table_as_text_gets_the_line_that_makes_points_of_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savetxt("table.csv", RANDOM.random((40, 5)), delimiter=",", header="a,b,c,d,e")
    with pytest.raises(Refusal, match=r"table.csv is a table, and training takes images, or points") as refusal:
        load_data("table.csv")
    exec(str(refusal.value).split("`")[1], {"np": np})
    assert len(load_data("points.npy").x) > 30


def test_the_ranges_of_numbers_as_labels_are_given(tmp_path):
    numbers = np.stack([np.linspace(0.1, 0.5, 40), np.linspace(45, 75, 40)], axis=1)
    data = load_data(saved(tmp_path, BYTES, labels=numbers))
    ends = [f"number {i} from {y.min():.4g} to {y.max():.4g}" for i, y in enumerate(data.y.T)]
    assert data.remarks[-1].endswith(f"over the training samples, {', '.join(ends)}.")
    encoded = data.labels.encode(data.y)
    torch.testing.assert_close(encoded.mean(dim=0), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(encoded.std(dim=0, correction=0), torch.ones(2))
    torch.testing.assert_close(data.labels.decode(encoded), data.y)


def test_classes_with_few_training_samples_are_named(tmp_path):
    names = np.array(["rare", *["cat"] * 20, *["dog"] * 19])
    remark = next(r for r in load_data(saved(tmp_path, BYTES, labels=names)).remarks if "few training samples" in r)
    assert "rare (" in remark
    assert "cat" not in remark
    assert not any(
        "few training" in r for r in load_data(saved(tmp_path, BYTES, labels=names[1:].repeat(2)[:40])).remarks
    )


ENDS = np.array(["a", "b"] * 10)
GAPS = np.array([0.5, 2.5] * 10)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (np.array([""] * 20 + list(ENDS)), ("a", "b")),
        (np.array(["Unlabelled"] * 20 + list(ENDS)), ("a", "b")),
        (np.array([-1] * 20 + [1, 4] * 10), ("1", "4")),
        (np.array([np.nan] * 20 + [1.0, 4.0] * 10), ("1", "4")),
        (np.array([np.nan] * 20 + [0.5, 2.5] * 10), ("0",)),
        (np.concatenate([np.full((20, 2), np.nan), np.stack([GAPS, 1 - GAPS], axis=1)]), ("0", "1")),
        (np.concatenate([np.full((20, 2), np.nan), np.eye(2).repeat(10, axis=0)]), ("0", "1")),
    ],
)
def test_a_label_that_means_unknown_is_none(tmp_path, labels, names):
    path = saved(tmp_path, BYTES, labels=labels)
    data = load_data(path)
    assert data.labels.names == names
    known = {image.tobytes() for image in BYTES[20:]}
    part = data.labeled_part()
    for every, some in ((data.x, part.x), (data.held_out, part.held_out)):
        assert [row.numpy().tobytes() for row in every if row.numpy().tobytes() in known] == [
            row.numpy().tobytes() for row in some
        ]
    assert sum("Without a label, because theirs is" in remark and ": 20." in remark for remark in data.remarks) == 1
    assert data.labels.encode(part.y).isfinite().all()
    if data.labels.kind == "class":
        assert set(part.y.tolist()) == {0, 1}
        assert not data.labels.encode(data.y[data.y < 0]).any()
    report = check(path)
    assert report.unlabeled == 20
    assert "unknown: 20" in "\n".join(report.lines())


@pytest.mark.parametrize(
    ("labels", "options", "names"),
    [
        ([-1, 1], {}, ("-1", "1")),
        ([-1, 0, 1], {"unknown": "none"}, ("-1", "0", "1")),
        ([5, 7, 9], {"unknown": "9"}, ("5", "7")),
    ],
)
def test_what_is_unknown_can_be_said(tmp_path, labels, options, names):
    path = saved(tmp_path, BYTES, labels=np.resize(labels, 40))
    assert load_data({"name": path, **options}).labels.names == names
    with pytest.raises(Refusal, match="No label is 'x'"):
        load_data({"name": path, "unknown": "x"})


def test_arrays_are_found_by_their_usual_names_or_the_given_ones(tmp_path):
    path = tmp_path / "many.npz"
    np.savez(path, subject=np.arange(40) % 4, images=BYTES, other=BYTES[:, :1])
    data = load_data(str(path))
    assert data.space.channels == 3
    assert data.labels is None
    assert any("not read: subject, other" in remark for remark in data.remarks)
    data = load_data({"name": str(path), "samples": "other", "labels": "subject"})
    assert data.space.channels == 1
    assert data.labels.size == 4
    with pytest.raises(Refusal, match="Did you mean 'subject'"):
        load_data({"name": str(path), "labels": "subjects"})


def test_a_large_array_gives_the_same_as_a_small_one(tmp_path, monkeypatch):
    path = saved(tmp_path, BYTES.transpose(0, 2, 3, 1), labels=np.arange(40))
    small = load_data(path)
    monkeypatch.setattr(import_module("equilibria.data.datasets.array"), "LARGE", 100)
    large = load_data(path)
    for part in ("x", "held_out", "y", "held_out_y"):
        assert torch.equal(getattr(small, part), getattr(large, part))


def test_a_data_root_is_searched_after_the_current_folder(tmp_path):
    saved(tmp_path, BYTES)
    assert load_data("array.npy", tmp_path).space.shape == (3, 10, 12)

"""Labels in a table next to the images of a folder."""

import json
import re

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.data import load_data

CLASSES = ("1", "2", "4")


def pictures(folder, count=30):
    """Images whose shade is their class, and the class of each file."""
    folder.mkdir(exist_ok=True)
    labels = {}
    for i in range(count):
        labels[f"img{i:02}.png"] = CLASSES[i % 3]
        pixels = np.random.default_rng(i).integers(80 * (i % 3), 80 * (i % 3) + 60, (8, 8), dtype=np.uint8)
        PIL.Image.fromarray(pixels).save(folder / f"img{i:02}.png")
    return labels


def csv_text(labels, header="file,label", end="\n"):
    return end.join([header, *(f"{file},{label}" for file, label in labels.items()), ""])


TEXTS = {
    "labels.csv": csv_text,
    "metadata.csv": lambda labels: "\ufeff" + csv_text(labels, "file_name,Class", "\r\n"),
    "metadata.jsonl": lambda labels: "\n".join(
        json.dumps({"label": int(v), "file_name": k}) for k, v in labels.items()
    ),
    "dataset.json": lambda labels: json.dumps({"labels": [[f"./{k}", float(v)] for k, v in labels.items()]}),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_table_next_to_the_images_gives_their_classes_and_keeps_the_names(tmp_path, name):
    labels = pictures(tmp_path / "set")
    (tmp_path / "set" / name).write_text(TEXTS[name](labels), encoding="utf-8")
    data = load_data(str(tmp_path / "set"))
    assert (data.labels.kind, data.labels.names) == ("class", CLASSES)
    for x, y in ((data.x, data.y), (data.held_out, data.held_out_y)):
        assert (x.flatten(1).float().mean(1) // 80).tolist() == y.tolist()
    assert any(f"read from {name}" in remark for remark in data.remarks)
    assert not any("no images" in remark for remark in data.remarks)


def test_a_table_that_changes_changes_the_labels(tmp_path):
    labels = pictures(tmp_path / "set")
    for names in (CLASSES, ("a", "b", "c")):
        renamed = {file: names[CLASSES.index(label)] for file, label in labels.items()}
        (tmp_path / "set" / "labels.csv").write_text(csv_text(renamed), encoding="utf-8")
        assert load_data(str(tmp_path / "set")).labels.names == names


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (lambda labels: csv_text({"other.png": "1"}), r"names none of the 30 images, such as img00.png"),
        (lambda labels: csv_text(labels | {"img04.png": "0.5", "img05.png": "cat"}), "'cat' is no number"),
        (lambda labels: csv_text(labels | {"img04.png": "a dog"}, "file,caption"), "'a dog' is no number"),
        (lambda labels: csv_text(labels, "a,b"), "the columns file and label"),
        (lambda labels: csv_text(labels) + "img00.png\n", "line 32 has too few columns"),
        (lambda labels: "", "the columns file and label"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_with_its_reason(tmp_path, text, why):
    labels = pictures(tmp_path / "set")
    (tmp_path / "set" / "labels.csv").write_text(text(labels), encoding="utf-8")
    data = load_data(str(tmp_path / "set"))
    assert data.labels is None
    assert any(re.search(f"labels.csv was not read as labels: .*{why}", r) for r in data.remarks)
    (tmp_path / "set" / "dataset.json").write_text(TEXTS["dataset.json"](labels), encoding="utf-8")
    assert load_data(str(tmp_path / "set")).labels.names == CLASSES


@pytest.mark.parametrize("unknown", [None, "", "-1", "unlabelled"])
def test_images_without_a_label_are_unlabeled(tmp_path, unknown):
    labels = pictures(tmp_path / "set")
    some = {file: label if i > 3 else unknown for i, (file, label) in enumerate(labels.items())}
    rows = {file: label for file, label in some.items() if label is not None}
    (tmp_path / "set" / "labels.csv").write_text(csv_text(rows), encoding="utf-8")
    data = load_data(str(tmp_path / "set"))
    assert data.labels.names == CLASSES
    assert sum((y < 0).sum() for y in (data.y, data.held_out_y)) == 4
    assert any("no line for 4 images (img00.png" in remark for remark in data.remarks) == (unknown is None)


@pytest.mark.parametrize(
    ("header", "rows", "kind"),
    [
        ("file,age,height", ["0.5,170", "1,160", "nan,180"], "vector"),
        ("file,smiling,hat", ["0,1", "1,0", ",1"], "multi-hot"),
        ("file,label", ["0.5", "1", ""], "vector"),
    ],
)
def test_columns_of_numbers_are_attributes_or_numbers(tmp_path, header, rows, kind):
    labels = pictures(tmp_path / "set")
    text = csv_text({file: rows[i % 3] for i, file in enumerate(labels)}, header)
    (tmp_path / "set" / "labels.csv").write_text(text, encoding="utf-8")
    data = load_data(str(tmp_path / "set"))
    assert (data.labels.kind, data.labels.names) == (kind, tuple(header.split(",")[1:]))
    assert len(data.labeled_part().x) + len(data.labeled_part().held_out) == 20
    for x, y in ((data.x, data.y), (data.held_out, data.held_out_y)):
        shade = x.flatten(1).float().mean(1) // 80
        for row, expected in enumerate(rows[:2]):
            expected = torch.tensor([float(cell) for cell in expected.split(",")])
            assert (y[shade == row] == expected).all()


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "3", '{"labels": null}', '{"labels": [["a"]]}', "\udcff"])
def test_no_json_ends_in_a_traceback(tmp_path, text):
    pictures(tmp_path / "set")
    (tmp_path / "set" / "dataset.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    data = load_data(str(tmp_path / "set"))
    assert data.labels is None
    assert any("dataset.json was not read as labels" in remark for remark in data.remarks)


@pytest.mark.parametrize(("unknown", "names"), [("1", ("2", "4")), ("none", CLASSES)])
def test_no_class_is_without_a_name_whatever_else_is_unknown(tmp_path, unknown, names):
    labels = pictures(tmp_path / "set")
    empty = {file: "" if i % 5 == 0 else label for i, (file, label) in enumerate(labels.items())}
    (tmp_path / "set" / "labels.csv").write_text(csv_text(empty), encoding="utf-8")
    data = load_data({"name": str(tmp_path / "set"), "unknown": unknown})
    assert data.labels.names == names

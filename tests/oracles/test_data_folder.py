"""Folders of images of any sizes and modes."""

import os
import shutil

import numpy as np
import PIL.Image
import pytest
import torch

from equilibria.core.errors import Failure, Refusal
from equilibria.data import Stream, load_data
from equilibria.data.cache import LARGE, cached_arrays, write_split


def grey(side: int = 16, seed: int = 0) -> PIL.Image.Image:
    return PIL.Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8))


def fill(folder, *images, suffix="png", first=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(images, first):
        image.save(folder / f"{i:03}.{suffix}")


def everything(data) -> set[bytes]:
    return {row.numpy().tobytes() for row in torch.cat([data.x, data.held_out])}


def only(path, **options) -> np.ndarray:
    """The one distinct image that a folder of copies and one black square holds: (C, H, W)."""
    data = load_data({"name": str(path), **options})
    return next(row for row in torch.cat([data.x, data.held_out]).numpy() if row.any())


def black(folder, image: PIL.Image.Image):
    """A second picture, so that something can be held out."""
    fill(folder, PIL.Image.new(image.mode if image.mode in ("L", "RGB") else "L", image.size), first=900)


def test_images_of_the_right_size_are_kept_pixel_for_pixel(tmp_path):
    images = [grey(seed=i) for i in range(30)]
    fill(tmp_path, *images)
    data = load_data(str(tmp_path))
    assert data.space.shape == (1, 16, 16)
    assert len(data.x) + len(data.held_out) == 30
    assert everything(data) == {np.asarray(image).tobytes() for image in images}


def test_a_tenth_is_held_out_whatever_the_names_and_the_order(tmp_path):
    images = [grey(8, seed=i) for i in range(150)]
    fill(tmp_path / "a", *images)
    fill(tmp_path / "b", *reversed(images), suffix="bmp")
    a, b = load_data(str(tmp_path / "a")), load_data(str(tmp_path / "b"))
    assert 5 <= len(a.held_out) <= 26  # 150 draws of 25/256, three deviations
    assert {x.numpy().tobytes() for x in a.held_out} == {x.numpy().tobytes() for x in b.held_out}


def test_copies_stay_on_one_side(tmp_path):
    fill(tmp_path, *[grey(8, seed=i % 20) for i in range(200)])
    data = load_data(str(tmp_path))
    assert not {x.numpy().tobytes() for x in data.x} & {x.numpy().tobytes() for x in data.held_out}
    assert (len(data.x) % 10, len(data.held_out) % 10) == (0, 0)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_even_a_few_images_have_a_held_out_part(tmp_path, count):
    fill(tmp_path, *[grey(seed=i) for i in range(count)])
    data = load_data(str(tmp_path))
    assert len(data.x) > 0
    assert len(data.held_out) > 0


def test_copies_of_one_image_cannot_be_held_out(tmp_path):
    fill(tmp_path, *[grey()] * 12)
    with pytest.raises(Refusal, match="nothing to hold out"):
        load_data(str(tmp_path))


def test_exif_turns_a_picture_upright(tmp_path):
    pixels = np.zeros((16, 16), dtype=np.uint8)
    pixels[:8] = 200  # bright above
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees, clockwise
    PIL.Image.fromarray(np.rot90(pixels)).save(tmp_path / "a.png", exif=exif)
    black(tmp_path, grey())
    assert np.array_equal(only(tmp_path)[0], pixels)
    assert "Rotated upright, as their EXIF data says: 1." in load_data(str(tmp_path)).remarks


def test_transparency_is_put_on_white(tmp_path):
    image = PIL.Image.new("RGBA", (16, 16), (10, 20, 30, 255))
    image.putpixel((3, 5), (10, 20, 30, 0))
    fill(tmp_path, image)
    black(tmp_path, PIL.Image.new("RGB", (16, 16)))
    pixels = only(tmp_path)
    assert pixels[:, 5, 3].tolist() == [255, 255, 255]
    assert pixels[:, 0, 0].tolist() == [10, 20, 30]


def test_a_transparent_palette_is_put_on_white(tmp_path):
    image = PIL.Image.new("P", (16, 16), 1)
    image.putpalette([0, 0, 0, 200, 100, 50])
    image.putpixel((3, 5), 0)
    image.save(tmp_path / "a.gif", transparency=0)
    black(tmp_path, PIL.Image.new("RGB", (16, 16)))
    pixels = only(tmp_path)
    assert pixels[:, 5, 3].tolist() == [255, 255, 255]
    assert pixels[:, 0, 0].tolist() == [200, 100, 50]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_become_eight(tmp_path, suffix):
    values = np.random.default_rng(0).integers(0, 256, (16, 16)).astype(np.uint16)
    PIL.Image.fromarray(values * 257).save(tmp_path / f"a.{suffix}")
    black(tmp_path, grey())
    assert np.array_equal(only(tmp_path)[0], values)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16"])
def test_every_mode_can_be_read_beside_every_other(tmp_path, mode):
    image = PIL.Image.fromarray(np.full((16, 16), 51400, dtype=np.uint16)) if mode == "I;16" else None
    image = image or PIL.Image.new("L", (16, 16), 255).convert(mode)
    suffix = {"CMYK": "tif", "YCbCr": "jpg"}.get(mode, "png")
    fill(tmp_path, image, suffix=suffix)
    fill(tmp_path, PIL.Image.new("RGB", (16, 16)), first=1)
    pixels = only(tmp_path)
    assert pixels.shape == (3, 16, 16)
    assert abs(int(pixels.min()) - (200 if mode == "I;16" else 255)) <= 1


def test_grey_stays_grey_and_one_colour_makes_all_colour(tmp_path):
    fill(tmp_path, *[grey(seed=i) for i in range(5)])
    assert load_data(str(tmp_path)).space.channels == 1
    fill(tmp_path, PIL.Image.new("RGB", (16, 16), (1, 2, 3)), first=5)
    data = load_data(str(tmp_path))
    assert data.space.channels == 3
    assert "Gray, repeated in three channels: 5." in data.remarks
    assert load_data({"name": str(tmp_path), "channels": 1}).space.channels == 1


def test_crop_cuts_the_centre_and_pad_keeps_all(tmp_path):
    pixels = np.full((16, 48), 60, dtype=np.uint8)
    pixels[:, 16:32] = 120
    fill(tmp_path, PIL.Image.fromarray(pixels))
    black(tmp_path, grey())
    cropped, padded = only(tmp_path, size=16)[0], only(tmp_path, size=48, fit="pad")[0]
    assert (cropped == 120).all()
    assert np.array_equal(padded[16:32], pixels)
    assert (padded[:16] == 255).all()
    assert (padded[32:] == 255).all()
    remarks = load_data({"name": str(tmp_path), "size": 16}).remarks
    assert any(
        "Not square, cropped" in remark and "--data.fit pad" in remark and ": 1." in remark for remark in remarks
    )
    assert "Not square, padded with white: 1." in load_data({"name": str(tmp_path), "size": 48, "fit": "pad"}).remarks


def test_resizing_is_the_named_one(tmp_path):
    fill(tmp_path, grey(64))
    black(tmp_path, grey(64))
    for name in ("lanczos", "box", "nearest"):
        method = PIL.Image.Resampling[name.upper()]
        expected = np.asarray(grey(64).resize((16, 16), method))
        assert np.array_equal(only(tmp_path, size=16, resizer=name)[0], expected)
        assert name in load_data({"name": str(tmp_path), "size": 16, "resizer": name}).remarks[0]


@pytest.mark.parametrize(("sides", "expected"), [((20, 24, 30), 24), ((4, 5, 6), 8), ((500, 600, 700), 64)])
def test_the_size_is_the_median_short_side_within_bounds(tmp_path, sides, expected):
    fill(tmp_path, *[grey(side, seed=side) for side in sides])
    assert load_data(str(tmp_path)).space.shape == (1, expected, expected)


def test_a_large_jpeg_keeps_its_place_and_colour_when_decoded_small(tmp_path):
    pixels = np.zeros((1024, 1024, 3), dtype=np.uint8)
    pixels[:512, :512] = (255, 0, 0)
    PIL.Image.fromarray(pixels).save(tmp_path / "a.jpg", quality=95)
    black(tmp_path, PIL.Image.new("RGB", (1024, 1024)))
    small = only(tmp_path, size=16).astype(int)
    assert np.abs(small[:, 2, 2] - (254, 0, 0)).max() <= 3
    assert np.abs(small[:, 12, 2]).max() <= 3
    assert any("fraction of their size" in remark for remark in load_data({"name": str(tmp_path), "size": 16}).remarks)


def test_subfolders_are_labels_in_reading_order(tmp_path):
    for name, seed in (("class 10", 0), ("class 2", 100), ("class 1", 200)):
        fill(tmp_path / name / "deeper", *[grey(8, seed=seed + i) for i in range(10)])
    data = load_data(str(tmp_path))
    assert data.labels.kind == "class"
    assert data.labels.names == ("class 1", "class 2", "class 10")
    ours = {np.asarray(grey(8, seed=100 + i)).tobytes() for i in range(10)}
    for x, y in ((data.x, data.y), (data.held_out, data.held_out_y)):
        assert [(row.numpy().tobytes() in ours) for row in x] == (y == 1).tolist()


def test_images_beside_subfolders_mean_no_labels(tmp_path):
    fill(tmp_path / "a", grey(seed=1))
    fill(tmp_path / "b", grey(seed=2))
    fill(tmp_path, grey(seed=3))
    data = load_data(str(tmp_path))
    assert data.labels is None
    assert any("Subfolders are not used as labels" in remark for remark in data.remarks)


def test_one_subfolder_is_no_label_but_those_below_it_are(tmp_path):
    fill(tmp_path / "only", grey(seed=1), grey(seed=2))
    assert load_data(str(tmp_path)).labels is None
    for place in ("only", "only/deeper"):
        for name in ("cat", "dog"):
            fill(tmp_path / "two" / place / name, *[grey(8, seed=ord(name[0]) + i) for i in range(9)])
        data = load_data(str(tmp_path / "two"))
        assert data.labels.names == ("cat", "dog")
        assert any(f"The labels are the subfolders of {place}/: --data.level 0" in remark for remark in data.remarks)
        assert load_data({"name": str(tmp_path / "two"), "level": 0}).labels is None
        for name in ("cat", "dog"):
            shutil.rmtree(tmp_path / "two" / place / name)
    with pytest.raises(Refusal, match=r"level is 2, and these are in no subfolder of that level: only/000.png"):
        load_data({"name": str(tmp_path), "level": 2})


@pytest.mark.parametrize("deeper", [[""], ["/cat", "/dog"]])
def test_parts_of_a_set_are_no_classes_unless_it_is_said(tmp_path, deeper):
    for i, part in enumerate(("Train", "val", "test")):
        for j, name in enumerate(deeper):
            fill(tmp_path / f"{part}{name}", *[grey(8, seed=100 * i + 10 * j + k) for k in range(9)])
    data = load_data(str(tmp_path))
    assert data.labels is None if deeper == [""] else data.labels.names == ("cat", "dog")
    (said,) = [remark for remark in data.remarks if remark.startswith("Are Train, test and val classes?")]
    assert f"--data {tmp_path / 'Train'} uses one part" in said
    assert load_data({"name": str(tmp_path), "level": 1}).labels.names == ("Train", "test", "val")
    if data.labels is None:
        with pytest.raises(Refusal, match=r"has no labels.*Are Train, test and val classes"):
            Stream(data, 8, labelled=True)


def test_a_class_without_images_or_with_few_is_named(tmp_path):
    for name, count in (("cat", 20), ("dog", 2), ("owl", 0)):
        fill(tmp_path / name, *[grey(8, seed=ord(name[0]) + i) for i in range(count)])
    remarks = load_data(str(tmp_path)).remarks
    assert "Subfolders without images: 1 (owl)." in remarks
    assert any("Classes with few training samples" in remark and "dog (" in remark for remark in remarks)


@pytest.mark.parametrize("links", ["inside", "follow"])
def test_each_file_is_read_once_through_links_and_loops_end(tmp_path, links):
    fill(tmp_path / "store" / "owl", *[grey(8, seed=i) for i in range(9)])
    fill(tmp_path / "set" / "cat", *[grey(8, seed=20 + i) for i in range(9)])
    fill(tmp_path / "set" / ".rest" / "dog", *[grey(8, seed=40 + i) for i in range(9)])
    for name, target in {
        "owl": "store/owl",
        "dog": "set/.rest/dog",
        "again": "set/cat",
        "loop": "set",
        "up": ".",
    }.items():
        (tmp_path / "set" / name).symlink_to(tmp_path / target)
    (tmp_path / "set" / "cat" / "one.png").symlink_to(tmp_path / "store" / "owl" / "000.png")
    data = load_data({"name": str(tmp_path / "set"), "links": links})
    assert len(everything(data)) == len(data.x) + len(data.held_out)
    said = [remark for remark in data.remarks if remark.startswith("Links out of the folder")]
    if links == "inside":
        assert data.labels.names == ("cat", "dog")
        assert [remark.partition(" (")[0].rpartition(" ")[2] for remark in said] == ["3"]
        assert "--data.links follow" in said[0]
    else:
        assert data.labels.names[:2] == ("cat", "dog")
        assert not said
        assert {np.asarray(grey(8, seed=i)).tobytes() for i in range(9)} <= everything(data)


def test_a_folder_of_links_alone_says_what_to_type(tmp_path):
    fill(tmp_path / "store", *[grey(8, seed=i) for i in range(9)])
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "all").symlink_to(tmp_path / "store")
    with pytest.raises(
        Refusal, match=r"only links out of the folder, not followed without --data.links follow: 1 \(all\)"
    ):
        load_data(str(tmp_path / "set"))
    data = load_data({"name": str(tmp_path / "set"), "links": "follow"})
    assert len(data.x) + len(data.held_out) == 9


def test_pictures_that_are_not_read_are_told_apart_from_what_systems_leave(tmp_path):
    fill(tmp_path, *[grey(16, seed=i) for i in range(9)])
    for name in ("Thumbs.db", "desktop.ini", "phone.HEIC", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    PIL.Image.new("L", (300, 1)).save(tmp_path / "line.png")
    (tmp_path / "empty.jpg").touch()
    data = load_data(str(tmp_path))
    assert any("to be converted to JPEG or PNG: 1 (phone.HEIC)" in remark for remark in data.remarks)
    assert "Files that are no images: 1 (notes.txt)." in data.remarks
    assert any("Very small or very long" in r and "line.png: 300 x 1" in r for r in data.remarks)
    assert data.left_out == ("empty.jpg: an empty file",)


def animated(folder, name, count, first=0):
    """A file of `count` images, as a .tif or a .gif."""
    folder.mkdir(exist_ok=True)
    frames = [grey(8, seed=first + i) for i in range(count)]
    frames[0].save(folder / name, save_all=True, append_images=frames[1:])


@pytest.mark.parametrize("suffix", ["tif", "gif"])
def test_the_first_image_of_animated_files_is_used_or_all(tmp_path, suffix):
    for i in range(2):
        animated(tmp_path / "ab"[i], f"{i}.{suffix}", 7, first=50 * i)
    first, every = (load_data({"name": str(tmp_path), "frames": frames, "channels": 1}) for frames in ("first", "all"))
    assert len(first.x) + len(first.held_out) == 2
    assert any(
        f"only the first image used: 2 (a/0.{suffix}: 7 images" in r and "--data.frames all" in r for r in first.remarks
    )
    assert everything(every) == {np.asarray(grey(8, seed=50 * i + j)).tobytes() for i in range(2) for j in range(7)}
    assert torch.cat([every.y, every.held_out_y]).bincount().tolist() == [7, 7]
    assert not any("only the first" in remark for remark in every.remarks)
    animated(tmp_path / "one", f"one.{suffix}", 9)
    with pytest.raises(Refusal, match=r"nothing to hold out.*9 images.*--data.frames all"):
        load_data(str(tmp_path / "one"))


def test_many_equal_images_are_named(tmp_path):
    fill(tmp_path, *[grey(8, seed=i % 20) for i in range(30)])
    assert "Equal to another image once prepared: 10 of 30." in load_data(str(tmp_path)).remarks
    fill(tmp_path, *[grey(8, seed=i) for i in range(50)])
    assert not any("Equal to" in remark for remark in load_data(str(tmp_path)).remarks)


def test_corrupt_files_are_left_out_by_name_and_the_rest_goes_on(tmp_path):
    for name in "ab":
        fill(tmp_path / name, *[grey(seed=ord(name) * 100 + i) for i in range(10)])
    whole = (tmp_path / "a" / "000.png").read_bytes()
    for i in range(5):
        (tmp_path / "a" / f"cut{i}.png").write_bytes(whole[: 60 + 10 * i])
    (tmp_path / "a" / "words.jpg").write_text("not a picture")
    (tmp_path / "a" / "empty.png").touch()
    data = load_data(str(tmp_path))
    assert len(data.x) + len(data.held_out) == 20
    assert len(data.left_out) == 7
    assert {name.split(":")[0] for name in data.left_out} >= {"a/words.jpg", "a/empty.png", "a/cut0.png"}
    (said,) = [remark for remark in data.remarks if "left out" in remark]
    assert said.startswith("Unreadable and left out: 7")
    assert said.endswith("and 4 more).")
    assert (torch.cat([data.y, data.held_out_y]).bincount() == 10).all()


def test_a_folder_without_one_readable_image_is_refused(tmp_path):
    for i in range(5):
        (tmp_path / f"{i}.png").write_text("not a picture")
    with pytest.raises(Refusal, match=r"None of the 5 images .* can be read: 0\.png .* and 2 more"):
        load_data(str(tmp_path))


def test_an_empty_folder_and_one_of_other_files_are_refused(tmp_path):
    with pytest.raises(Refusal, match="holds no images"):
        load_data(str(tmp_path))
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(Refusal, match=r"holds no images, only files that are no images: 1 \(notes\.txt\)"):
        load_data(str(tmp_path))


def test_a_missing_folder_is_refused_with_the_nearest(tmp_path):
    fill(tmp_path / "photos", grey())
    with pytest.raises(Refusal, match=r"Did you mean '.*photos'"):
        load_data(str(tmp_path / "photo"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": 2}, "size is 2"),
        ({"fit": "crap"}, "Did you mean 'crop'"),
        ({"resizer": "lancos"}, "Did you mean 'lanczos'"),
        ({"channels": 2}, "channels is 2"),
        ({"sise": 32}, "Did you mean 'size'"),
    ],
)
def test_impossible_options_are_refused(tmp_path, options, said):
    fill(tmp_path, grey(seed=1), grey(seed=2))
    with pytest.raises(Refusal, match=said):
        load_data({"name": str(tmp_path), **options})


def test_images_are_resized_once_and_again_when_a_file_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    fill(tmp_path / "p", *[grey(seed=i) for i in range(5)])
    first = load_data(str(tmp_path / "p"))
    (kept,) = (tmp_path / "cache" / "pictures").iterdir()
    stamp = kept.stat().st_mtime_ns
    assert everything(load_data(str(tmp_path / "p"))) == everything(first)
    assert [p.stat().st_mtime_ns for p in (tmp_path / "cache" / "pictures").iterdir()] == [stamp]
    fill(tmp_path / "p", grey(seed=77))
    os.utime(tmp_path / "p" / "000.png", ns=(1, 1))
    assert everything(load_data(str(tmp_path / "p"))) != everything(first)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path))

    def write(folder):
        np.save(folder / "x.npy", np.zeros(3))
        with open("/dev/full", "wb", buffering=0) as full:
            full.write(b"x")

    with pytest.raises(Failure, match=r"No space left on device.*EQUILIBRIA_CACHE"):
        cached_arrays("test", "name", write)
    assert list((tmp_path / "test").iterdir()) == []


def test_a_large_array_is_mapped_from_its_file(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUILIBRIA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("equilibria.data.cache.LARGE", 1000)
    assert LARGE == 256 << 20
    rows = np.random.default_rng(0).integers(0, 256, (700, 1, 4, 4), dtype=np.uint8)
    arrays = cached_arrays("test", "name", lambda folder: write_split(iter(rows), (1, 4, 4), "uint8", folder))
    assert isinstance(arrays["x"], np.memmap)
    assert np.array_equal(arrays["x"], rows[~arrays["chosen"]])
    assert np.array_equal(arrays["held_out"], rows[arrays["chosen"]])
    arrays["x"][:] = 0  # a copy on write: the file stays as it is
    again = cached_arrays("test", "name", lambda folder: None)
    assert np.array_equal(again["x"], rows[~arrays["chosen"]])

"""Folders of pictures: which files in which order, the pixels that Keras gets, and what is refused."""

from __future__ import annotations

import io
import json
import os
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nnctl.data import DataSettings, Glance, Places, glance, prepare
from nnctl.data.picture_decoding import decode, middle
from nnctl.data.picture_files import find
from nnctl.data.picture_folder import PictureFolder
from nnctl.data.showing import look
from nnctl.data.sources import resolve, with_options
from nnctl.errors import ConfigError, DataError, MissingExtraError, MissingInputError
from tests.golden.generate_pictures import KINDS, OPTIONS, checksum, picture, write_files

GOLDEN = json.loads((Path(__file__).parent / "golden_pictures.json").read_text())
Save = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write a picture of one shade, or any, and return the folder of all."""

    def save_picture(name: str, shade: Any = 7, size: tuple[int, int] = (4, 6), **options: Any) -> Path:
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        made = shade if isinstance(shade, Image.Image) else Image.new("L", size[::-1], shade)
        made.save(path, **options)
        return tmp_path / "p"

    return save_picture


def two_classes(save: Save, count: int = 2) -> Path:
    for number in range(count):
        save(f"cat/{number}.png", 10 + number)
        folder = save(f"dog/{number}.png", 200 + number)
    return folder


def opened(folder: Path | str, **options: Any) -> Any:
    source = PictureFolder(str(folder), **options)
    return source.open(DataSettings(source=str(folder)), Places(Path()), None).rows


def refused(folder: Path, *words: str, **options: Any) -> None:
    with pytest.raises(DataError) as caught:
        opened(folder, **options)
    for word in words:
        assert word in str(caught.value), str(caught.value)


# --- as Keras ---------------------------------------------------------------------------------------


def test_files_and_classes_stand_in_the_order_that_keras_gives_them(tmp_path: Path) -> None:
    write_files(tmp_path)
    found = find(str(tmp_path), Places(Path()))
    assert [str(path.relative_to(tmp_path)) for path in found.files] == GOLDEN["order"]
    assert found.classes == GOLDEN["classes"]
    assert found.labels == [name.split("/")[0] for name in GOLDEN["order"]]


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_are_those_of_load_img(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    picture(kind).save(path)
    for options, want in zip(OPTIONS, GOLDEN["pixels"][kind], strict=True):
        size = options["size"] and tuple(options["size"])
        ratio = "crop" if options["crop"] else "stretch"
        got = decode(path, options["color_mode"], size, options["interpolation"], ratio)
        assert checksum(got) == want, (kind, options)


def test_padding_puts_the_picture_in_the_middle_of_black(save: Save) -> None:
    save("a/wide.png", 100, (2, 6))
    folder = save("b/tall.png", 50, (6, 2))
    x = opened(folder, size=(6, 6), color_mode="grayscale", pad_to_aspect_ratio=True).x[..., 0]
    assert x[0].tolist() == [[0] * 6] * 2 + [[100] * 6] * 2 + [[0] * 6] * 2
    assert x[1].tolist() == [[0, 0, 50, 50, 0, 0]] * 6
    cropped = opened(folder, size=(3, 3), color_mode="grayscale", crop_to_aspect_ratio=True).x[..., 0]
    assert cropped.tolist() == [[[100] * 3] * 3, [[50] * 3] * 3]
    assert middle(1, 1000, (1000, 1)) == (499, 0, 500, 1)  # never nothing


def test_what_cameras_and_old_files_bring(save: Save, tmp_path: Path) -> None:
    """EXIF does not turn it, the first frame counts, CMYK and palettes become colours, alpha is dropped."""
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90 degrees
    save("a/exif.jpg", 90, exif=turned)
    save("a/cmyk.jpg", Image.new("CMYK", (6, 4), (0, 255, 255, 0)))
    save("a/la.png", Image.new("LA", (6, 4), (40, 3)))
    save("b/two.gif", 10, save_all=True, append_images=[Image.new("L", (6, 4), 20)])
    Image.new("RGB", (6, 4), (1, 2, 3)).save(tmp_path / "x.png")
    (tmp_path / "x.png").rename(tmp_path / "p" / "b" / "png_by_content.JPG")
    folder = tmp_path / "p"
    source = PictureFolder(str(folder)).open(DataSettings(source=str(folder)), Places(Path()), None)
    rows = source.rows
    assert [Path(name).name for name in rows.files] == [
        "cmyk.jpg",
        "exif.jpg",
        "la.png",
        "png_by_content.JPG",
        "two.gif",
    ]
    assert rows.x.shape == (5, 4, 6, 3)
    assert rows.x.dtype == np.uint8
    np.testing.assert_allclose(rows.x[:, 0, 0], [[255, 0, 0], [90] * 3, [40] * 3, [1, 2, 3], [10] * 3], atol=3)
    assert source.notes == [f"of moving pictures the first frame is taken: {folder}/b/two.gif"]


# --- the data section -------------------------------------------------------------------------------


def test_a_folder_is_a_source(save: Save) -> None:
    folder = two_classes(save)
    settings = DataSettings(source=f"{folder}/", scale="minmax")
    assert glance(settings) == Glance((4, 6, 3), 2)
    prepared = prepare(settings, targets="index")
    assert prepared.preprocessing.labels == ["cat", "dog"]
    assert prepared.train.y.tolist() == [0, 0, 1, 1]
    assert prepared.train.x.shape == (4, 4, 6, 3)
    np.testing.assert_allclose(prepared.train.x[:, 0, 0, 0], np.array([10, 11, 200, 201]) / 255, rtol=1e-6)


def test_fingerprint_is_of_contents_names_and_options(save: Save, tmp_path: Path) -> None:
    folder = two_classes(save)

    def fingerprint(source: Any) -> str:
        return prepare(DataSettings(source=source)).fingerprint

    first = fingerprint(str(folder))
    moved = folder.rename(tmp_path / "elsewhere")
    assert fingerprint(str(moved)) == first
    assert fingerprint({"picture_folder": {"path": str(moved), "color_mode": "grayscale"}}) != first
    (moved / "cat" / "0.png").rename(moved / "cat" / "9.png")
    renamed = fingerprint(str(moved))
    Image.new("L", (6, 4), 99).save(moved / "cat" / "9.png")
    assert len({first, renamed, fingerprint(str(moved))}) == 3


def test_separate_folders_are_read_with_the_options_of_the_first(save: Save, tmp_path: Path) -> None:
    two_classes(save)
    save("dog/large.png", 5, (40, 60))
    folder = tmp_path / "p"
    settings = DataSettings(
        source={"picture_folder": {"path": "p", "size": [2, 3], "color_mode": "grayscale"}}, validation="p/", test="p"
    )
    prepared = prepare(settings, base_dir=tmp_path)
    assert prepared.validation is not None
    assert prepared.test is not None
    np.testing.assert_array_equal(prepared.validation.x, prepared.train.x)
    assert prepared.test.x.shape == (5, 2, 3, 1)
    save("../q/bird/1.png")
    settings = DataSettings(source=str(folder / "cat/.."), validation=str(tmp_path / "q"))
    (folder / "dog" / "large.png").unlink()
    with pytest.raises(DataError, match=r"q/bird/1\.png: label 'bird' of 'y' is none of the classes"):
        prepare(settings)


def test_options_go_with_other_folders_files_and_patterns() -> None:
    trained = {"picture_folder": {"path": "p", "size": [2, 3]}}
    for source in ("new/", "new", "a.PNG", "new/*", "new/*.jpg"):
        ((name, options),) = with_options(source, trained).items()
        assert (name, options["path"], tuple(options["size"])) == ("PictureFolder", source, (2, 3))
    for source in ("x.npz", "t.csv", "mnist", "-"):
        assert with_options(source, trained) == source


def test_the_last_rows_are_no_validation_rows(save: Save) -> None:
    """They are all of the last class, which training would then not see."""
    settings = DataSettings(source=str(two_classes(save)))
    with pytest.raises(ConfigError, match=r"set data\.split: \{validation: 0\.25, stratify: true\} instead"):
        prepare(settings, validation_split=0.25)


def test_names_of_data_sets_come_before_folders(tmp_path: Path) -> None:
    (tmp_path / "digits").mkdir()
    assert not isinstance(resolve("digits", Places(tmp_path)), PictureFolder)
    assert isinstance(resolve("digits/", Places(tmp_path)), PictureFolder)
    assert isinstance(resolve("./digits", Places(tmp_path)), PictureFolder)


def test_a_look_takes_rows_at_equal_distances_and_any_size(save: Save) -> None:
    folder = two_classes(save, 10)
    seen = look(DataSettings(source=str(folder)), Places(Path()), 4)
    assert seen.captions == ["cat", "cat", "dog", "dog"]
    assert seen.facts["parts"][0]["classes"] == {"cat": 10, "dog": 10}
    save("dog/large.png", 5, (40, 60))
    seen = look(DataSettings(source=str(folder)), Places(Path()), 3)
    assert seen.pictures is not None
    assert seen.pictures.shape == (3, 64, 64, 3)
    assert "2 sizes, 4 x 6 to 40 x 60" in seen.facts["notes"][0]
    assert look(DataSettings(source=str(folder / "cat")), Places(Path()), 3).captions == []


# --- what is refused --------------------------------------------------------------------------------


def test_without_pillow_the_extra_is_named(save: Save, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = two_classes(save)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'nnctl\[images\]'"):
        opened(folder)


def test_a_size_is_asked_for_where_pictures_differ(save: Save) -> None:
    two_classes(save)
    folder = save("dog/x.png", 1, (5, 7))
    refused(folder, "cat/0.png has 4 x 6 pixels", "dog/x.png has 5 x 7", "size: [4, 6]}}")


def test_folders_that_are_no_classes(save: Save, tmp_path: Path) -> None:
    """RELIABILITY D05: nothing to train on."""
    for name in ("empty", "with/empty"):
        (tmp_path / name).mkdir(parents=True)
    refused(tmp_path / "empty", "no subfolders and no pictures", "one subfolder a class", "empty/*.csv'")
    refused(tmp_path / "with", "its 1 subfolders hold no pictures")
    save("flat.png")
    refused(tmp_path / "p", "has no subfolders, which name the classes", "p/CLASS/flat.png")
    save("cat/1.png")
    refused(tmp_path / "p", "flat.png: is in none of the subfolders")
    (tmp_path / "p" / "flat.png").unlink()
    with pytest.raises(DataError, match="one class 'cat'"):
        prepare(DataSettings(source=str(tmp_path / "p")), targets="index")
    (tmp_path / "p" / "dog").mkdir()
    found = find(str(tmp_path / "p"), Places(Path()))
    assert (found.classes, found.notes) == (["cat", "dog"], [f"{tmp_path / 'p'}: no pictures of class dog"])
    with pytest.raises(MissingInputError):
        opened(tmp_path / "nowhere")


def test_parts_are_no_classes(save: Save) -> None:
    for part in ("val", "train", "test"):
        folder = save(f"{part}/cat/1.png")
    refused(folder, f"write  source: {folder}/train, validation: {folder}/val, test: {folder}/test")


def test_files_that_are_no_pictures_are_counted_and_the_first_five_named(save: Save) -> None:
    folder = two_classes(save)
    for number in range(7):
        (folder / "cat" / f"x{number}.png").write_text("no picture")
    refused(folder, "cat/x0.png: is no picture of the forms PNG, JPEG, BMP, GIF", "cat/x4.png", "... and 2 more")
    (folder / "cat" / "notes.txt").write_text("a list")
    refused(folder, "cat/notes.txt: is no picture (.png, .jpg, .jpeg, .bmp, .gif)", "begin its name with a dot")
    for path in (folder / "cat").glob("*"):
        path.rename(path.with_name(f".{path.name}"))
    assert len(opened(folder)) == 2


@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "GIF"])
def test_pictures_cut_short_anywhere_are_damaged(form: str, save: Save) -> None:
    content = io.BytesIO()
    picture("rgb").save(content, form)
    folder = two_classes(save)
    path = folder / "cat" / "0.png"
    for share in (0, 0.01, 0.1, 0.5, 0.8):
        path.write_bytes(content.getvalue()[: int(len(content.getvalue()) * share)])
        refused(folder, "cat/0.png: is ", size=(4, 6))


def test_noise_in_a_picture_is_damage_or_a_picture(save: Save) -> None:
    """Whatever stands in the file, the answer is an array or a DataError."""
    draw = np.random.default_rng(0)
    folder = two_classes(save)
    for form in ("PNG", "JPEG", "BMP", "GIF"):
        content = io.BytesIO()
        picture("palette" if form != "JPEG" else "rgb").save(content, form)
        for _ in range(40):
            noisy = bytearray(content.getvalue())
            for place in draw.integers(0, len(noisy), 5):
                noisy[place] = draw.integers(256)
            (folder / "cat" / "0.png").write_bytes(noisy)
            said = ""
            try:
                x = opened(folder, size=(4, 6)).x
            except DataError as error:
                said = str(error)
            assert "cat/0.png: " in said or x.shape == (4, 4, 6, 3)


def png(width: int, height: int, depth: int = 8, pixels: bytes = bytes(1000)) -> bytes:
    """Write a picture in colours by hand; `pixels` begins each row with a 0."""

    def part(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, depth, 2, 0, 0, 0)
    parts = part(b"IHDR", head), part(b"IDAT", zlib.compress(pixels)), part(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize("side", [10_000, 50_000, 2**31 - 1])
def test_bombs_are_refused_by_their_header(side: int, save: Save) -> None:
    folder = two_classes(save)
    (folder / "cat" / "0.png").write_bytes(png(side, side))
    refused(folder, "cat/0.png: says that it has more than 89,478,485 pixels", size=(4, 6))


def test_more_pictures_than_memory_are_refused_before_they_are_decoded(save: Save) -> None:
    """RELIABILITY D11"""
    refused(two_classes(save), "4 pictures of 1000000 x 1000000", "of memory", size=(1_000_000, 1_000_000))


def test_sixteen_bits_are_refused_and_48_bit_colours_lose_their_lower_bytes(save: Save) -> None:
    folder = two_classes(save)
    Image.fromarray(np.full((4, 6), 40_000, np.uint16)).save(folder / "cat" / "0.png")
    refused(folder, "cat/0.png: has more than 8 bits a pixel")
    row = b"\0" + struct.pack(">3H", 0x0102, 0x80FF, 0xFFFF) * 6
    (folder / "cat" / "0.png").write_bytes(png(6, 4, 16, row * 4))
    assert opened(folder).x[0, 0, 0].tolist() == [0x01, 0x80, 0xFF]


def test_links_and_things_that_are_no_files(save: Save, tmp_path: Path) -> None:
    folder = two_classes(save)
    (folder / "bird").symlink_to(folder / "cat")  # a class
    (folder / "dog" / "linked.png").symlink_to(folder / "cat" / "0.png")
    assert len(opened(folder)) == 7
    (folder / "dog" / "round").symlink_to(folder)
    found = find(str(folder), Places(Path()))
    assert (len(found.files), found.notes) == (
        7,
        [f"{folder}/dog/round: a link to a folder within a class is not followed"],
    )
    (folder / "dog" / "gone.png").symlink_to(tmp_path / "nothing.png")
    os.mkfifo(folder / "dog" / "pipe.png")
    refused(folder, "dog/gone.png: is a link to nothing", "dog/pipe.png: is no regular file")


def test_names_of_any_bytes(save: Save) -> None:
    """RELIABILITY S08"""
    folder = two_classes(save)
    (folder / "cat").rename(os.fsdecode(bytes(folder) + b"/k\xe4tzchen"))
    (folder / "dog").rename(folder / "Zürich")
    rows = opened(folder)
    assert rows.labels == ("Zürich", "k\\xe4tzchen")
    assert rows.files[-1] == f"{folder}/k\\xe4tzchen/1.png"


def test_crop_or_pad() -> None:
    with pytest.raises(ConfigError, match="either cropped or padded"):
        PictureFolder("p", crop_to_aspect_ratio=True, pad_to_aspect_ratio=True)

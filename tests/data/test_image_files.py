"""Images of every kind are read, and bad ones refused with a reason."""

import numpy as np
import pytest
from astropy.io import fits
from helpers.hostile import png_bomb
from PIL import Image

from galopt.data.imaging.image_files import COLOURS, read_image

RAMP = np.linspace(0, 255, 20 * 24).reshape(20, 24)


def write_fits(path, data, **header):
    fits.PrimaryHDU(data, fits.Header(header)).writeto(path)
    return path


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.jpg"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_are_levels(tmp_path, name, mode):
    Image.fromarray(RAMP.astype("uint8")).convert(mode).save(tmp_path / name, quality=100)
    frame = read_image(tmp_path / name)
    assert frame.is_picture
    assert frame.bands == (COLOURS if mode == "RGB" else ())
    for plane in np.moveaxis(np.atleast_3d(frame.pixels), -1, 0):
        np.testing.assert_allclose(plane.astype(float), RAMP.astype("uint8"), atol=3)


DEPTHS = {"8 of 16 bits": RAMP, "12 of 16 bits": RAMP * 16, "16 bits": RAMP * 257}


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("depth", DEPTHS)
def test_a_deep_picture_keeps_the_range_that_it_uses(tmp_path, name, depth):
    Image.fromarray(DEPTHS[depth].astype("uint16")).save(tmp_path / name)
    frame = read_image(tmp_path / name)
    assert frame.is_picture
    np.testing.assert_allclose(frame.pixels.astype(float), RAMP, atol=2)


@pytest.mark.parametrize("values", [RAMP / 255, np.rint(RAMP)])
def test_floats_that_are_levels_are_a_picture(tmp_path, values):
    Image.fromarray(values.astype("float32")).save(tmp_path / "a.tif")
    np.testing.assert_allclose(read_image(tmp_path / "a.tif").pixels.astype(float), RAMP, atol=1)


def test_floats_that_are_no_levels_stay_numbers(tmp_path):
    Image.fromarray((RAMP - 20).astype("float32")).save(tmp_path / "a.tif")
    assert not read_image(tmp_path / "a.tif").is_picture


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_black(tmp_path, mode):
    picture = Image.fromarray(np.full((20, 24), 255, np.uint8)).convert(mode)
    picture.putalpha(Image.fromarray(RAMP.astype("uint8")))
    picture.save(tmp_path / "a.png")
    np.testing.assert_allclose(read_image(tmp_path / "a.png").pixels.astype(float), RAMP, atol=2)


def test_sixteen_bit_pictures_keep_their_range(tmp_path):
    Image.fromarray((RAMP * 257).astype("uint16")).save(tmp_path / "a.png")
    pixels = read_image(tmp_path / "a.png").pixels
    assert (pixels.min(), pixels.max()) == (0, 255)


@pytest.mark.parametrize("dtype", [">f4", "<f4", ">f8", ">i2", "u2", ">i4", "u1"])
def test_fits_of_any_type(tmp_path, dtype):
    frame = read_image(write_fits(tmp_path / "a.fits", RAMP.astype(dtype)))
    assert not frame.is_picture
    assert frame.pixels.dtype == np.float32
    assert frame.pixels.dtype.isnative
    np.testing.assert_allclose(frame.pixels, RAMP.astype(dtype), rtol=1e-6)


def test_fits_image_is_found_in_extensions_and_behind_axes_of_one(tmp_path):
    hdus = [fits.PrimaryHDU(), fits.ImageHDU(np.zeros(5)), fits.ImageHDU(RAMP[None], name="SCI")]
    fits.HDUList(hdus).writeto(tmp_path / "a.fits")
    assert read_image(tmp_path / "a.fits").pixels.shape == RAMP.shape


def test_compressed_fits(tmp_path):
    fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(RAMP.astype("f4"))]).writeto(
        tmp_path / "a.fits.fz"
    )
    np.testing.assert_allclose(read_image(tmp_path / "a.fits.fz").pixels, RAMP, atol=1)


def test_bad_files_are_refused_with_a_reason(tmp_path):
    def refuse(name, reason):
        with pytest.raises(ValueError, match=reason):
            read_image(tmp_path / name)

    refuse("absent.png", "no such file")
    (tmp_path / "empty.fits").touch()
    refuse("empty.fits", "empty")
    (tmp_path / "text.jpg").write_text("no picture")
    refuse("text.jpg", "unreadable")
    (tmp_path / "text.fits").write_text("no image")
    refuse("text.fits", "unreadable|no two-dimensional")
    Image.fromarray(np.zeros((1, 1), "uint8")).save(tmp_path / "dot.png")
    refuse("dot.png", "1x1 px")
    noise = np.random.default_rng(1).integers(0, 255, (200, 200)).astype("uint8")
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    refuse("cut.jpg", "unreadable.*truncated")
    write_fits(tmp_path / "whole.fits", noise.astype("f4"))
    (tmp_path / "cut.fits").write_bytes((tmp_path / "whole.fits").read_bytes()[:8000])
    refuse("cut.fits", "truncated")
    write_fits(tmp_path / "line.fits", np.zeros(40))
    refuse("line.fits", "no two-dimensional image")


def test_decompression_bombs_are_refused_from_the_header(tmp_path):
    png_bomb(tmp_path / "bomb.png", 30_000, rows=1)
    with pytest.raises(ValueError, match="too large"):
        read_image(tmp_path / "bomb.png")
    header = fits.Header({"NAXIS": 2, "NAXIS1": 30_000, "NAXIS2": 30_000, "BITPIX": -32})
    header.insert(0, ("SIMPLE", True))
    padded = header.tostring(padding=True).encode()
    (tmp_path / "bomb.fits").write_bytes(padded)
    with pytest.raises(ValueError, match="too large|truncated"):
        read_image(tmp_path / "bomb.fits")

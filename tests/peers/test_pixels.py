"""Pillow (libjpeg-turbo, libpng, libwebp, LittleCMS) sees the same pixels as we do."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps
from skimage.color import deltaE_ciede2000, rgb2lab

from conftest import EXPECTED, FIXTURES

# One pixel must be covered, since `cover` wants a region; it is left out of the comparison.
CORNER = "0,0,1,1"


def reference(path):
    """The upright sRGB picture on white, as Pillow and LittleCMS make it."""
    image = Image.open(path)
    icc = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        image = Image.fromarray(np.round(np.asarray(image) / 257).astype(np.uint8))
    if image.mode in ("P", "RGBA", "LA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    image = image.convert("RGB")
    if icc:
        source = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        image = ImageCms.profileToProfile(
            image, source, ImageCms.createProfile("sRGB"), renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC
        )
    return image


def ours(curtain, path):
    line = curtain("cover", "--format", "png", "--region", CORNER, file=path)
    return Image.open(line["output"]).convert("RGB")


def difference(a, b):
    """CIEDE2000 of every pixel but the covered corner."""
    assert a.size == b.size
    lab = [rgb2lab(np.asarray(image)) for image in (a, b)]
    return deltaE_ciede2000(*lab).ravel()[1:]


@pytest.mark.parametrize("name", [p["file"] for p in EXPECTED["pictures"]])
def test_same_pixels_as_pillow(curtain, name):
    path = FIXTURES / name
    delta = difference(ours(curtain, path), reference(path))
    # Decoders may differ in how they enlarge the colour of a JPEG or WebP: at edges, not on average.
    lossless = name.endswith((".png", ".gif", "lossless.webp"))
    mean, most = delta.mean(), np.percentile(delta, 99)
    assert mean < (0.1 if lossless else 0.6), f"mean delta-E {mean:.3f}"
    assert most < (0.6 if lossless else 3.0), f"99th percentile of delta-E {most:.3f}"


def test_a_wide_gamut_profile_is_converted_not_dropped(curtain):
    path = FIXTURES / "ward_photo.jpg"
    with_profile = ours(curtain, path)
    right = difference(with_profile, reference(path)).mean()
    dropped = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    wrong = difference(with_profile, dropped).mean()
    assert right < 0.6 < 1.0 < wrong, f"{right:.3f} from the reference, {wrong:.3f} from the unconverted pixels"


@pytest.mark.parametrize("style", ["veil", "solid"])
@pytest.mark.parametrize("name", ["group.jpg", "xray.png", "animated.gif", "photo.webp"])
def test_outputs_open_and_say_nothing(curtain, name, style):
    line = curtain("clean", "--cover", style, file=FIXTURES / name)
    with Image.open(line["output"]) as image:
        image.load()
        assert image.format == "JPEG"
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
        assert not image.getexif()
        assert image.size == (line["width"], line["height"])


def test_a_solid_cover_is_one_colour_in_pillow_too(curtain):
    line = curtain("clean", "--cover", "solid", "--format", "png", file=FIXTURES / "wristband.jpg")
    pixels = np.asarray(Image.open(line["output"]))
    for finding in line["findings"]:
        x, y, width, height = finding["box"]
        assert (pixels[y : y + height, x : x + width] == (58, 96, 140)).all()

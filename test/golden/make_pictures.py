"""Golden values of what XRAI and BlurIG do with pictures, from scikit-image, scipy and saliency: pictures.json.gz.

    python make_pictures.py          (methods/requirements-paths.txt)

The pictures are drawn here: shapes and noise. numpy orders equal weights of felzenszwalb's edges in a way that depends on the processor; it is told to
keep their order, which only tells for the picture of few shades.
"""
import gzip
import json
import warnings

import numpy as np
from saliency.core import xrai
from scipy import ndimage
from skimage.segmentation import felzenszwalb
from skimage.transform import resize

argsort = np.argsort
np.argsort = lambda a, *args, **kwargs: argsort(a, kind="stable")
warnings.simplefilter("ignore")

rng = np.random.default_rng(7)


def drawn(height, width, channels, noise):
    """Ellipses and stripes of any colour, with noise."""
    row, column = np.mgrid[0:height, 0:width]
    picture = np.zeros((height, width, channels))
    for _ in range(6):
        y, x, a, b = rng.uniform(0, height), rng.uniform(0, width), rng.uniform(3, 3 + height / 3), rng.uniform(3, 3 + width / 3)
        picture[((row - y) / a) ** 2 + ((column - x) / b) ** 2 < 1] = rng.uniform(0, 1, channels)
    picture += ((row + 2 * column) % 17 < 4)[..., None] * 0.2
    return np.round(picture + rng.normal(0, noise, picture.shape), 4)


pictures = {
    "colours": drawn(48, 60, 3, 0.02),
    "grey": drawn(40, 36, 1, 0.05),
    "channels": drawn(18, 14, 5, 0.1),
    "shades": np.round(drawn(30, 30, 1, 0.03) * 8) / 8,
    "line": drawn(1, 50, 2, 0.1),
}
settings = [(1, 0.8, 20), (50, 0.8, 150), (100, 0.5, 10), (300, 1.3, 50), (10, 0, 5)]


def flat(array):
    return [float(f"{v:.12g}") for v in np.asarray(array).ravel()]


written = {"pictures": {}, "segments": [], "blurs": [], "resized": [], "masks": []}
for name, picture in pictures.items():
    written["pictures"][name] = {"shape": picture.shape, "values": flat(picture)}
    for scale, sigma, least in settings:
        labels = felzenszwalb(picture, scale=scale, sigma=sigma, min_size=least)
        found = {"picture": name, "scale": scale, "sigma": sigma, "minSize": least, "labels": labels.ravel().tolist()}
        written["segments"].append(found)
for name, sigmas in (("channels", (0.7,)), ("line", (0.01, 0.7, 3.3, 40))):
    for sigma in sigmas:
        for mode in ("reflect", "constant"):
            values = ndimage.gaussian_filter(pictures[name], [sigma, sigma, 0], mode=mode)
            written["blurs"].append({"picture": name, "sigma": sigma, "mode": mode, "values": flat(values)})
for name, shape in (("channels", (11, 13)), ("shades", (12, 47))):
    picture = pictures[name] - 0.5  # both signs, so that the black beyond the edge is within the range
    values = resize(picture, shape, order=3, mode="constant", preserve_range=True, anti_aliasing=True)
    written["resized"].append({"picture": name, "shape": shape, "values": flat(values)})
for name in ("colours", "grey"):
    # Segments that are lost when they are made small again are empty masks; XRAI never takes them.
    masks = [np.flatnonzero(mask) for mask in xrai._get_segments_felzenszwalb(pictures[name])]
    found = [[len(places), int(places.sum()), int((places**2).sum())] for places in masks if len(places)]
    written["masks"].append({"picture": name, "masks": found})

with open("pictures.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, 0) as zipped:
    zipped.write(json.dumps(written, separators=(",", ":")).encode())

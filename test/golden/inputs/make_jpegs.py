"""Small JPEG files of the kinds that the fuzz campaign damages: grey, subsampled, progressive, with restart marks.

    python make_jpegs.py

Needs numpy and pillow (../requirements.txt). The pictures are waves, made here.
"""

import os

import numpy as np
from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
rows, columns = np.mgrid[0:24, 0:20]
waves = np.stack([128 + 100 * np.sin(rows / k + columns / (k + 1)) for k in (2, 3, 5)], axis=-1).astype(np.uint8)
colour, grey = Image.fromarray(waves), Image.fromarray(waves[..., 0])


def save(picture, name, **options):
    picture.save(os.path.join(here, "jpegs", name), quality=60, **options)


os.makedirs(os.path.join(here, "jpegs"), exist_ok=True)
save(grey, "grey.jpg")
save(colour, "subsampled.jpg", subsampling="4:2:0", restart_marker_blocks=2)
save(colour, "progressive.jpg", progressive=True)

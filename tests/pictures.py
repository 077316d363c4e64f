"""Pictures as people give them for logos."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

BLUE = (11, 95, 255)


def picture(
    width: int = 600,
    height: int = 200,
    *,
    mode: str = "RGB",
    kind: str = "PNG",
    color: Any = BLUE,
    **told: Any,
) -> bytes:
    """A file with a plain picture; `told` goes along with it, as its text and profile do."""
    written = BytesIO()
    Image.new(mode, (width, height), color).save(written, kind, **told)
    return written.getvalue()


def logo() -> bytes:
    """A disc and a bar on a clear ground, such as a small firm may have."""
    image = Image.new("RGBA", (900, 240), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.ellipse((10, 10, 230, 230), fill=(*BLUE, 255))
    pen.rectangle((270, 85, 890, 155), fill=(22, 27, 46, 255))
    written = BytesIO()
    image.save(written, "PNG")
    return written.getvalue()

"""The loss over the epochs, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from PIL import Image

from ..run import Epoch


def draw_curves(history: Sequence[Epoch]) -> Image.Image:
    """Loss and mean squared error, in training and in validation, over the epochs of `history`."""
    # Not pyplot, which keeps figures and opens windows; loaded here, since it takes a second.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=100, layout="constrained")
    epochs = [epoch.epoch for epoch in history]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "mse"), strict=True):
        for label, attribute in (("training", name), ("validation", f"validation_{name}")):
            values = [getattr(epoch, attribute) for epoch in history]
            axes.plot(epochs, values, marker="." if len(epochs) < 50 else None, label=label)
        axes.set(xlabel="epoch", title={"loss": "loss", "mse": "mean squared error"}[name])
        axes.set_yscale("log")
        axes.grid(alpha=0.3, which="both")
        axes.legend()
    content = BytesIO()
    figure.savefig(content, format="png")
    return Image.open(content).convert("RGB")

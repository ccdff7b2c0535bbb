"""Scalars for TensorBoard, written with TensorFlow alone: the package tensorboard is needed only to look."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import tensorflow as tf

from .run import Epoch


class Logs:
    """Event files in a folder, a point an epoch for each figure."""

    def __init__(self, folder: Path) -> None:
        """Start a new event file in `folder`."""
        self._writer = tf.summary.create_file_writer(str(folder))

    def write(self, epoch: Epoch) -> None:
        """Add the figures of `epoch`."""
        plugin = tf.compat.v1.SummaryMetadata.PluginData(plugin_name="scalars")
        metadata = tf.compat.v1.SummaryMetadata(plugin_data=plugin, data_class=1)
        with self._writer.as_default():
            for name, value in asdict(epoch).items():
                if name != "epoch":
                    tf.summary.write(name, tf.constant(value, tf.float32), epoch.epoch, metadata)
        self._writer.flush()

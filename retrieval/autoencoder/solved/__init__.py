"""The default encoder: a convolutional encoder whose layers are solved, not trained by gradients."""

"""Fitting: architectures, solving, training, export. The only room that imports TensorFlow.

Import it inside the functions that fit: TensorFlow takes ten seconds to load on two cores.
"""

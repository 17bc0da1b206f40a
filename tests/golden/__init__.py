"""Keras' numbers: case tables, the generator that runs real Keras, and the tests that compare nnctl with it."""

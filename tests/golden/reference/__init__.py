"""The Keras side of the golden numbers: one module a family of things, each `answer(case)` returns what Keras computes.

Only generate.py imports this package; it needs Keras 3 on TensorFlow, and nothing of nnctl.
"""

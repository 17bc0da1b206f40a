"""Tests: the folders mirror nnctl/, and golden/ holds Keras' numbers."""

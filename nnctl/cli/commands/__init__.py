"""The commands: `nnctl NAME` is the module NAME of this package, and nothing lists them by hand."""

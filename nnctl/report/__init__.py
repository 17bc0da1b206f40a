"""Reports: what a run looked like, as pictures and pages."""

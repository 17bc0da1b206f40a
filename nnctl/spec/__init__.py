"""A spec: a YAML file that says all of a training run. Text becomes a `Spec` in steps, one a module:

reader       text -> nodes: places of keys and values, YAML 1.2 scalars, limits (nodes, scalars, syntax)
include      other files, merged below this one
overrides    --set fit.epochs=3
references   ${vars.width}, ${env:NAME}
sections     nodes -> Spec: every value checked by the rule on its field
checks       settings that are right alone and wrong together (templates, network, against_data)

diagnostics  problems, all of them in one run, at their places, with caret and hint
dump         a Spec, every default filled in, as YAML again
schema       the JSON Schema of it all, made from the same fields
"""

from nnctl.spec.against_data import check_against_data
from nnctl.spec.diagnostics import Diagnostic, summary
from nnctl.spec.dump import dump
from nnctl.spec.loading import load, loads, read_value
from nnctl.spec.schema import json_schema, schema_text
from nnctl.spec.sections import Fit, Spec

__all__ = [
    "Diagnostic",
    "Fit",
    "Spec",
    "check_against_data",
    "dump",
    "json_schema",
    "load",
    "loads",
    "read_value",
    "schema_text",
    "summary",
]

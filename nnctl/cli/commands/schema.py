"""Print the JSON Schema of specs, for editors that complete and check."""

import click

from nnctl.cli import console, options


@click.command()
@options.talk
def command() -> None:
    """Print the JSON Schema of a spec.

    An editor with a YAML language server completes and checks a spec that begins with the line

    \b
    # yaml-language-server: $schema=schema.json
    """
    from nnctl.spec import schema_text

    console.text(schema_text())

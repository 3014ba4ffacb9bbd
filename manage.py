#!/usr/bin/env python
"""Django's command line, with this project's settings."""

import os
import sys


def data_dir_from(arguments: list[str]) -> None:
    """`serve --data-dir DIR` must be known before the settings are read."""
    for position, argument in enumerate(arguments):
        name, found, value = argument.partition("=")
        if name == "--data-dir":
            value = value if found else "".join(arguments[position + 1 : position + 2])
            os.environ["FM_DATA_DIR"] = value


if __name__ == "__main__":
    data_dir_from(sys.argv)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "featurememory.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)

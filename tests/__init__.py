"""Tests of the project."""

from birnn.core import libraries

libraries.configure()

"""Tests of the comparisons across studies."""

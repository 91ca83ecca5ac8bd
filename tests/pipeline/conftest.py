"""Lets pytest explain what the shared checks found."""

import pytest

pytest.register_assert_rewrite("tests.pipeline.scenes")

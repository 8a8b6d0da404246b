"""SQLAlchemy's test plugin, loaded as its documentation of third-party dialects says."""

import pytest

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402,F401,F403

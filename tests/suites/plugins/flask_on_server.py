"""Plugin of pytest: Flask-SQLAlchemy's own tests, written for SQLite in memory, on the server under test.

Each bind key is a schema of its own, as each in-memory database is one of its own; they are dropped after every test.
"""

import os

import pytest
import sqlalchemy
from flask_sqlalchemy import SQLAlchemy

DSN = os.environ["SUITES_URL"]
ENGINES = []
MADE = set()


def make_engine(self, bind_key, options, app):
    url = sqlalchemy.engine.make_url(options["url"])
    if url.get_backend_name() == "sqlite" and url.database in (None, "", ":memory:"):
        schema = f"bind_{bind_key or 'main'}"
        if schema not in MADE:
            engine = sqlalchemy.create_engine(DSN)
            with engine.begin() as connection:
                connection.execute(sqlalchemy.text(f"CREATE SCHEMA {schema}"))
            engine.dispose()
            MADE.add(schema)
        options = {key: value for key, value in options.items() if key not in ("poolclass", "connect_args")}
        options["url"] = DSN
        options["connect_args"] = {"options": f"-csearch_path={schema}"}
    engine = ORIGINAL(self, bind_key, options, app)
    ENGINES.append(engine)
    return engine


ORIGINAL = SQLAlchemy._make_engine
SQLAlchemy._make_engine = make_engine


@pytest.fixture(autouse=True)
def schemas():
    yield
    for engine in ENGINES:
        engine.dispose()
    ENGINES.clear()
    if MADE:
        engine = sqlalchemy.create_engine(DSN)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("SET lock_timeout = '10s'"))
            for schema in MADE:
                connection.execute(sqlalchemy.text(f"DROP SCHEMA {schema} CASCADE"))
        engine.dispose()
        MADE.clear()

"""Plugin of pytest: writes down what each test gave, leaves out what has ended, stops in time (see record.py)."""

import os
import re

import pytest

import record

RECORD = record.Record()


def name_of(nodeid):
    """name_of - a test's name without the server's version, which SQLAlchemy adds to the names of its classes"""
    return re.sub(r"_postgresql(\+[a-z0-9_]+?)?(_\d+)+(?=::|$)", "", nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session):
    """SQLAlchemy's plugin creates extensions before the first test: not those the server does not have."""
    missing = os.environ.get("SUITES_WITHOUT", "").split()
    if missing:
        from sqlalchemy.dialects.postgresql import provision

        wanted = getattr(provision, "_extensions", [])
        provision._extensions = [one for one in wanted if one[0] not in missing]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(session, config, items):
    left = [item for item in items if RECORD.done(name_of(item.nodeid))]
    items[:] = [item for item in items if not RECORD.done(name_of(item.nodeid))]
    if left:
        config.hook.pytest_deselected(items=left)


def pytest_runtest_logstart(nodeid, location):
    RECORD.begin(name_of(nodeid))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    name = name_of(item.nodeid)
    if report.failed:
        reason = record.reason_of(call.excinfo.value) if call.excinfo else record.one_line(report.longrepr)
        RECORD.end(name, "failed", reason)
    elif report.skipped:
        RECORD.end(name, "skipped", "")
    elif report.when == "call":
        RECORD.end(name, "passed")


def pytest_collectreport(report):
    """A module that cannot be imported is one failed test."""
    if report.failed:
        RECORD.end(name_of(report.nodeid) + "::import", "failed", record.one_line(str(report.longrepr)[-300:]))


@pytest.hookimpl(trylast=True)
def pytest_runtest_logfinish(nodeid, location):
    if RECORD.late():
        pytest.exit("time is up", returncode=77)

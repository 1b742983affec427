"""The tables that people read are those of the catalogues."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
tables = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tables)


@pytest.mark.parametrize("page", tables.PAGES)
def test_tables_are_fresh(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert "<!-- table:" in text or "<!-- texts:" in text
    assert tables.renewed(text) == text, f"{page} is stale: run `.venv/bin/python docs/tables.py`"


def test_a_stale_table_is_noticed():
    page = "a\n<!-- table: penalties -->\n| old |\n<!-- end: penalties -->\nb"
    assert "`gradient_penalty`" in tables.renewed(page)
    assert "old" not in tables.renewed(page)


@pytest.mark.parametrize("name", tables.TABLES)
def test_every_entry_says_in_one_line_what_it_is(name):
    for entry in tables.TABLES[name].describe():
        assert entry.summary.endswith("."), entry.name
        assert len(entry.summary) <= 120, entry.name

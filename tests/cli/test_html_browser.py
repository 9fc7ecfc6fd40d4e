"""Reports in a real browser, where one is installed: nothing is loaded, nothing scrolls sideways.

Needs `pip install playwright` and a Chromium, on the path or installed by `playwright install`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.test_explain_log import denied

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LONG = "/srv/" + "a-very-long-name-without-any-blank-" * 12


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium refuses root otherwise
    with playwright.sync_playwright() as driver:
        try:
            found = driver.chromium.launch(executable_path=path, args=sandbox)
        except playwright.Error as fault:
            pytest.skip(f"no browser: {str(fault).splitlines()[0]}")
        yield found
        found.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_report_fits(
    run: Run, bundle: Path, tmp_path: Path, browser: Any, width: int, scheme: str
) -> None:
    page = tmp_path / "report.html"
    log = denied("/srv/x") * 3 + denied(LONG, LONG) + denied(LONG)
    log += denied("/home/ann/.ssh/id_rsa", "viewer") + denied("/usr/share/fonts/a.ttf")
    run("explain", bundle, "--log", "-", "--base", "profiles", "--html", page, text=log)
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    shown = context.new_page()
    seen: list[str] = []
    shown.on("request", lambda request: seen.append(request.url))
    shown.on("console", lambda message: seen.append(message.text))
    shown.goto(page.as_uri())
    assert seen == [page.as_uri()]

    # a summary opens by the keyboard
    entry = shown.locator("details.entry").first
    entry.locator("> summary").focus()
    assert not entry.evaluate("one => one.open")
    shown.keyboard.press("Enter")
    assert entry.evaluate("one => one.open")

    shown.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
    wide = shown.evaluate("document.documentElement.scrollWidth")
    assert wide == width
    assert shown.evaluate(CONTRAST) == []
    assert len(shown.screenshot(full_page=True)) > 10_000
    context.close()


#: The texts whose colour is too close to what is behind them (WCAG 2, 4.5 to 1).
CONTRAST = """() => {
  const light = color => {
    const parts = color.match(/[\\d.]+/g).slice(0, 3).map(value => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const behind = one => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (color !== 'rgba(0, 0, 0, 0)') return color;
    }
    return 'rgb(255, 255, 255)';
  };
  const poor = [];
  for (const one of document.body.querySelectorAll('*')) {
    if (![...one.childNodes].some(node => node.nodeType === 3 && node.data.trim())) continue;
    const pair = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a);
    if ((pair[0] + 0.05) / (pair[1] + 0.05) < 4.5) poor.push(one.outerHTML.slice(0, 80));
  }
  return poor;
}"""

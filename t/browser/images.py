"""A page with a hundred images over HTTP/2: all of them come, over one connection."""
import asyncio
import sys

from chromium import Chromium


async def main(url, log, directory):
    async with Chromium(directory, "--ignore-certificate-errors") as browser:
        page = await browser.open(url)
        await page.until("(all => all.length == 100 && all.every(i => i.complete && i.naturalWidth > 0))"
                         "([...document.images])")
        how = await page.evaluate("[...new Set(performance.getEntriesByType('resource').map(e => e.nextHopProtocol))].join()")
        assert how == "h2", how
        await page.picture("images")
        assert not browser.errors, browser.errors
    with open(log) as file:
        lines = [line.split() for line in file if line.startswith("/image/")]
    assert len(lines) == 100 and {status for _, status, _ in lines} == {"200"}, lines
    assert len({connection for _, _, connection in lines}) == 1, "more than one connection"
    print("a hundred images: fine")


asyncio.run(main(*sys.argv[1:]))

"""examples/upload in a browser: a file shows how far it has got, then what the server has received."""
import asyncio
import sys

from chromium import Chromium

SIZE = 20000000


async def main(url, directory):
    with open(directory + "/upload.bin", "wb") as file:
        file.truncate(SIZE)
    async with Chromium(directory) as browser:
        page = await browser.open(url)
        await page.evaluate("window.seen = []; new MutationObserver(() => seen.push(document.getElementById('bar').value))"
                            ".observe(document.getElementById('bar'), {attributes: true})")
        await page.choose("#file", directory + "/upload.bin")
        await page.until("document.getElementById('out').textContent.startsWith('received %d bytes')" % SIZE)
        seen = await page.evaluate("seen")
        assert seen and seen == sorted(seen) and seen[-1] == 1, seen
        await page.picture("upload")
        assert not browser.errors, browser.errors
    print("upload: fine, %d steps of progress" % len(seen))


asyncio.run(main(*sys.argv[1:]))

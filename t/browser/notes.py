"""examples/notes in a browser: an account, a note with a picture, a second tab that sees it, a change, the end."""
import asyncio
import struct
import sys
import zlib

from chromium import Chromium


def picture(path, width=640, height=360):
    """Writes a PNG of a slope of colours."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = b"".join(b"\0" + b"".join(bytes((250 - y * 120 // height, 120 + x * 110 // width, 90 + y * 120 // height))
                                     for x in range(width)) for y in range(height))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
                   + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


async def main(url, directory):
    picture(directory + "/slope.png")
    async with Chromium(directory) as browser:
        one = await browser.open(url)
        await one.picture("notes-1-welcome")
        await one.fill("[name=name]", "ada")
        await one.fill("[name=password]", "long enough")
        await one.click("[formaction='/register']")
        await one.until("document.querySelector('.flash')?.textContent == 'Welcome, ada.'")
        await one.until("document.documentElement.dataset.live == 'yes'")
        two = await browser.open(url)
        await two.until("document.documentElement.dataset.live == 'yes'")

        for title, text in ("Shopping", "bread\nbutter\n<b>cheese</b>"), ("An idea", "What if notes were live?"):
            await one.fill("#new [name=title]", title)
            await one.fill("#new [name=text]", text)
            await one.click("#new button")
            await two.until("document.querySelector('article h2')?.textContent == %r || [...document.querySelectorAll"
                            "('article h2')].some(h => h.textContent == %r)" % (title, title))
        await one.until("document.querySelector('#new [name=title]').value == ''")
        await one.fill("#new [name=title]", "A picture")
        await one.choose("#new [type=file]", directory + "/slope.png")
        await one.click("#new button")
        await two.until("(i => i && (i.loading = 'eager') && i.complete && i.naturalWidth == 640)"
                        "(document.querySelector('article img'))")
        await one.until("document.getElementById('progress').hidden && document.querySelectorAll('article').length == 3")
        assert await two.evaluate("document.querySelector('#notes b') == null"), "a note became HTML"
        await two.picture("notes-2-second-tab")

        await two.evaluate("document.querySelector('article:last-child details').open = true")
        await two.picture("notes-3-edit")
        await two.evaluate("(f => { f.text.value = 'changed in the other tab'; f.requestSubmit(f.querySelector('button')); })"
                           "(document.querySelector('article:last-child details form'))")
        await one.until("[...document.querySelectorAll('.text')].some(p => p.textContent == 'changed in the other tab')")
        await one.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        await one.picture("notes-4-dark")
        await one.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
        await one.until("document.documentElement.scrollWidth <= 390")
        await one.picture("notes-5-phone")

        # what a screen reader would say: nothing without a name
        tree = await one.call("Accessibility.getFullAXTree")
        unnamed = [n["role"]["value"] for n in tree["nodes"] if not n["ignored"] and not n.get("name", {}).get("value")
                   and n["role"]["value"] in ("button", "textbox", "link", "image", "progressbar", "article")]
        assert not unnamed, unnamed

        await one.click(".who button")
        await one.until("document.querySelector('[action=\"/login\"]') != null")
        assert not browser.errors, browser.errors
    print("notes: fine")


asyncio.run(main(*sys.argv[1:]))

"""examples/chat in tabs that are on two workers: what one says, the others read. The log tells who serves whom, and how."""
import asyncio
import re
import sys

from chromium import Chromium

MOST = 20


def served(log):
    """What the server has written of the members that came: worker and protocol of each."""
    with open(log) as file:
        return re.findall(r"member in (\d+) over (\S+),", file.read())


async def main(name, url, protocol, log, directory):
    before, tabs = len(served(log)), []
    async with Chromium(directory, "--ignore-certificate-errors") as browser:
        while len(set(served(log)[before:])) < 2:
            assert len(tabs) < MOST, "one worker serves all"
            tab = await browser.open("%s?name=tab%d" % (url, len(tabs)), is_apart=True)
            await tab.until("document.querySelector('#log').textContent.includes('tab%d is here')" % len(tabs))
            tabs.append(tab)
        assert {how for _, how in served(log)[before:]} == {protocol}, served(log)[before:]
        for i in 0, len(tabs) - 1:
            await tabs[i].fill("#text", "hello from %d" % i)
            await tabs[i].evaluate("document.getElementById('say').requestSubmit()")
            for tab in tabs:
                await tab.until("document.querySelector('#log').textContent.includes('hello from %d')" % i)
        await tabs[0].until("document.querySelector('#members').textContent == '%d here'" % len(tabs))
        await tabs[-1].picture("chat-" + name)
        assert not browser.errors, browser.errors
    print("chat over %s: fine" % name)


asyncio.run(main(*sys.argv[1:]))

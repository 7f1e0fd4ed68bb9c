"""A headless Chromium, driven over its debugging protocol: pages, what is on them, screenshots.

    async with Chromium(pictures) as browser:
        page = await browser.open("http://127.0.0.1:8080/")
        await page.until("document.title == 'Notes'")
        await page.picture("welcome")

Nothing here waits for a time: `until` waits until an expression of the page is true.
"""
import asyncio
import base64
import json
import os
import shutil
import tempfile

import websockets

TIMEOUT = 60


class Page:
    def __init__(self, browser, session):
        self.browser, self.session = browser, session

    async def call(self, method, **params):
        return await self.browser.call(method, params, self.session)

    async def evaluate(self, expression):
        result = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise AssertionError("%s: %s" % (expression, result["exceptionDetails"]))
        return result["result"].get("value")

    async def until(self, expression):
        """Waits until the expression is true; a page that is being left has no expressions."""
        value = None
        for _ in range(TIMEOUT * 20):
            try:
                value = await self.evaluate(expression)
                if value:
                    return value
            except (AssertionError, RuntimeError) as error:
                value = error
            await asyncio.sleep(0.05)
        await self.picture("failed")
        raise AssertionError("never true: %s (%s)" % (expression, value))

    async def go(self, url):
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState == 'complete' && location.href.startsWith(%s)" % json.dumps(url))

    async def fill(self, selector, text):
        await self.evaluate("document.querySelector(%s).value = %s" % (json.dumps(selector), json.dumps(text)))

    async def click(self, selector):
        await self.evaluate("document.querySelector(%s).click()" % json.dumps(selector))

    async def choose(self, selector, path):
        root = await self.call("DOM.getDocument")
        node = await self.call("DOM.querySelector", nodeId=root["root"]["nodeId"], selector=selector)
        await self.call("DOM.setFileInputFiles", nodeId=node["nodeId"], files=[path])

    async def picture(self, name):
        shot = await self.call("Page.captureScreenshot", format="png")
        with open(os.path.join(self.browser.pictures, name + ".png"), "wb") as file:
            file.write(base64.b64decode(shot["data"]))


class Chromium:
    def __init__(self, pictures, *flags):
        self.pictures, self.flags = pictures, flags
        self.calls, self.errors, self.number = {}, [], 0

    async def __aenter__(self):
        self.profile = tempfile.mkdtemp(prefix="perilune-browser-")
        self.process = await asyncio.create_subprocess_exec(
            "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--remote-debugging-port=0", "--user-data-dir=" + self.profile, "--window-size=1100,900", *self.flags,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
        while True:
            line = (await asyncio.wait_for(self.process.stderr.readline(), TIMEOUT)).decode()
            if not line:
                raise RuntimeError("chromium ended at its start")
            if line.startswith("DevTools listening on "):
                break
        self.drain = asyncio.ensure_future(self.process.stderr.read())
        self.socket = await websockets.connect(line.split()[-1], max_size=None)
        self.reader = asyncio.ensure_future(self.read())
        return self

    async def __aexit__(self, *what):
        self.reader.cancel()
        await self.socket.close()
        self.process.terminate()
        await self.process.wait()
        self.drain.cancel()
        shutil.rmtree(self.profile, ignore_errors=True)

    async def read(self):
        async for text in self.socket:
            message = json.loads(text)
            if "id" in message:
                self.calls.pop(message["id"]).set_result(message)
            elif message.get("method") == "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"])
            elif message.get("method") == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
                self.errors.append(message["params"]["entry"])

    async def call(self, method, params, session=None):
        self.number += 1
        answer = self.calls[self.number] = asyncio.get_running_loop().create_future()
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        await self.socket.send(json.dumps(message))
        message = await asyncio.wait_for(answer, TIMEOUT)
        if "error" in message:
            raise RuntimeError("%s: %s" % (method, message["error"]))
        return message["result"]

    async def open(self, url, is_apart=False):
        """A new tab with that address; `is_apart`: with connections and cookies of its own."""
        params = {"url": "about:blank"}
        if is_apart:
            params.update(await self.call("Target.createBrowserContext", {}))
        target = await self.call("Target.createTarget", params)
        attached = await self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        page = Page(self, attached["sessionId"])
        for domain in "Page", "Runtime", "DOM", "Log", "Network":
            await page.call(domain + ".enable")
        await page.go(url)
        return page

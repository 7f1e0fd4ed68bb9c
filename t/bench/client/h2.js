// h2.js URL COUNT: the same as h2.lua with Node's own client.
const http2 = require("http2");
const [url, n] = [process.argv[2], Number(process.argv[3])];

function burst(session, count) {
    return new Promise((resolve, reject) => {
        let left = count, open = 100;
        function next() {
            if (left-- <= 0) {
                if (--open === 0) resolve();
                return;
            }
            const stream = session.request({ ":path": "/" });
            let body = "";
            stream.setEncoding("utf8");
            stream.on("data", (piece) => { body += piece; });
            stream.on("end", () => (body === "hello" ? next() : reject(new Error(body))));
            stream.on("error", reject);
        }
        for (let i = 0; i < 100; i++) next();
    });
}

(async () => {
    const session = http2.connect(url);
    await burst(session, n / 10);
    const begin = process.cpuUsage();
    await burst(session, n);
    const used = process.cpuUsage(begin);
    console.log(`h2-100-streams ${((used.user + used.system) / n).toFixed(2)}`);
    session.close();
})();

// The same services for Node: `node node.js stack|sse|router PORT`. Its packages are found by NODE_PATH.
'use strict';
const fs = require('fs');

function notes(note, visits) {
    const items = [];
    for (let i = 1; i <= 12; i++)
        items.push({ id: note.page * 12 + i, title: note.title + ' ' + i, text: note.text, tags: note.tags,
            changed: 1700000000 + i, done: i % 3 === 0 });
    return { page: note.page, visits, total: 144, items };
}

// Fastify with its plugins: request ids, a signed session cookie, JSON, a limit of rates, gzip, an access log.
async function stack(port, log) {
    const app = require('fastify')({ genReqId: () => require('crypto').randomBytes(16).toString('hex') });
    const lines = fs.createWriteStream(log, { flags: 'a' });
    await app.register(require('@fastify/cookie'), { secret: 'a secret of the benchmark' });
    await app.register(require('@fastify/rate-limit'), { max: 1000000000, timeWindow: 60000 });
    await app.register(require('@fastify/compress'), { threshold: 20, encodings: ['gzip'], zlibOptions: { level: 1 } });
    app.addHook('onSend', async (req, reply) => { reply.header('X-Request-Id', req.id); });
    app.addHook('onResponse', async (req, reply) => {
        lines.write(`${req.ip} - - [${new Date().toISOString()}] "${req.method} ${req.url} HTTP/1.1" ${reply.statusCode} - `
            + `"${req.headers.referer || '-'}" "${req.headers['user-agent'] || '-'}"\n`);
    });
    app.get('/hello', async () => 'hello');
    app.get('/stack', async (req, reply) => {
        const text = Buffer.from(JSON.stringify({ visits: 1, expires: Date.now() + 86400000 })).toString('base64url');
        reply.setCookie('session', text, { signed: true, httpOnly: true, path: '/', sameSite: 'lax' });
        return 'welcome';
    });
    app.post('/stack', async (req) => {
        const signed = req.unsignCookie(req.cookies.session || '');
        const session = signed.valid ? JSON.parse(Buffer.from(signed.value, 'base64url')) : {};
        return notes(req.body, session.expires > Date.now() ? session.visits : undefined);
    });
    await app.listen({ port, host: '127.0.0.1' });
}

// Each client has its events written as they come: `GET /publish` sends one to all.
function sse(port) {
    const clients = new Set();
    let id = 0;
    require('http').createServer((req, res) => {
        if (req.url === '/publish') {
            const text = `id: ${++id}\nevent: tick\ndata: ${'x'.repeat(100)}\n\n`;
            for (const client of clients)
                client.write(text);
            res.end(String(clients.size));
        } else if (req.url === '/events') {
            res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
            res.flushHeaders();
            clients.add(res);
            res.on('close', () => clients.delete(res));
        } else {
            res.end('hello');
        }
    }).listen(port, '127.0.0.1', 4096);
}

// Microseconds for each match among 1,000 routes with two parameters, best of three.
function router() {
    const routes = require('find-my-way')();
    const paths = [];
    for (let i = 0; i < 1000; i++) {
        routes.on('GET', `/api/thing${i}/:id/parts/:part`, () => {});
        paths.push(`/api/thing${i}/17/parts/wheel`);
    }
    const N = 1000000;
    let best = Infinity;
    for (let round = 0; round < 3; round++) {
        const before = process.cpuUsage();
        for (let i = 0; i < N; i++) {
            if (routes.find('GET', paths[i % 1000]).params.part !== 'wheel')
                throw new Error('not found');
        }
        const used = process.cpuUsage(before);
        best = Math.min(best, (used.user + used.system) / N);
    }
    console.log(best.toFixed(3));
}

const [what, port, log] = process.argv.slice(2);
({ stack, sse, router })[what](Number(port), log);

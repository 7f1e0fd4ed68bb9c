// The same work with promises and async iterators.
const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1e6 };

async function measure(name, n, fn) {
    let best = Infinity;
    await fn(Math.floor(n / 10));
    for (let round = 0; round < 3; round++) {
        const begin = cpu();
        await fn(n);
        best = Math.min(best, cpu() - begin);
    }
    console.log(`${name} ${(best / n * 1e6).toFixed(4)}`);
}

// A queue with backpressure: put resolves when the value is taken.
class Channel {
    constructor() { this.takers = []; this.putters = []; this.ended = false; }
    put(v) {
        if (this.takers.length) { this.takers.shift()(v); return Promise.resolve(true); }
        return new Promise(done => this.putters.push([v, done]));
    }
    take() {
        if (this.putters.length) { const [v, done] = this.putters.shift(); done(true); return Promise.resolve(v); }
        if (this.ended) return Promise.resolve(undefined);
        return new Promise(done => this.takers.push(done));
    }
    close() { this.ended = true; for (const t of this.takers.splice(0)) t(undefined); }
}

async function* numbers(n) { for (let i = 1; i <= n; i++) yield i; }
async function* map(source, fn) { for await (const v of source) yield fn(v); }
async function* filter(source, fn) { for await (const v of source) if (fn(v)) yield v; }

const inc = v => v + 1;
const even = v => v % 2 === 0 || v > 0;
const kept = [];

(async () => {
    await measure('ready', 2e6, async n => { for (let i = 0; i < n; i++) await Promise.resolve(i); });
    await measure('ready-kept', 2e6, async n => {
        for (let i = 0; i < n; i++) { const p = Promise.resolve(i); kept[i % 64] = p; await p; }
    });
    await measure('spawn', 5e5, async n => {
        for (let i = 0; i < n; i++) await new Promise(done => queueMicrotask(() => done(i)));
    });
    await measure('suspend', 1e6, async n => {
        let done;
        const other = (async () => { for (let i = 0; i < n / 2; i++) { await null; done(i); } })();
        for (let i = 0; i < n / 2; i++) await new Promise(d => { done = d; });
        await other;
    });
    await measure('chain', 5e5, async n => {
        for (let i = 0; i < n; i += 10) {
            let p = Promise.resolve(i);
            for (let k = 0; k < 10; k++) p = p.then(inc);
            await p;
        }
    });
    await measure('put-take', 5e5, async n => {
        const c = new Channel();
        for (let i = 0; i < n; i++) { const p = c.take(); c.put(i); await p; }
    });
    await measure('hand-over', 5e5, async n => {
        const c = new Channel();
        (async () => { for (let i = 1; i <= n; i++) await c.put(i); c.close(); })();
        while (await c.take() !== undefined);
    });
    await measure('pipeline', 3e5, async n => {
        for await (const v of map(filter(map(filter(map(numbers(n), inc), even), inc), even), inc));
    });
})();

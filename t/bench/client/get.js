// get.js URL COUNT: the same with Node's fetch, which is undici.
'use strict';
const [url, count] = [process.argv[2], Number(process.argv[3])];

async function fetchAll(n) {
  let left = n;
  const one = async () => {
    while (left-- > 0) await (await fetch(url)).text();
  };
  await Promise.all(Array.from({ length: 64 }, one));
}

(async () => {
  await fetchAll(Math.floor(count / 10));
  const begin = process.cpuUsage();
  await fetchAll(count);
  const used = process.cpuUsage(begin);
  console.log(`get-64 ${((used.user + used.system) / count).toFixed(2)}`);
})();

// The handlers of the WebSocket scenarios for Node with `ws`: node live.js PORT
const http = require('http');
const { WebSocketServer, WebSocket } = require('ws');

const server = http.createServer((req, res) => res.end('hello'));
const echo = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const room = new WebSocketServer({ noServer: true, perMessageDeflate: false });

echo.on('connection', (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })));
room.on('connection', (ws) => ws.on('message', (data, isBinary) => {
  for (const member of room.clients) {
    if (member.readyState === WebSocket.OPEN) member.send(data, { binary: isBinary });
  }
}));
server.on('upgrade', (req, socket, head) => {
  const of = req.url === '/room' ? room : echo;
  of.handleUpgrade(req, socket, head, (ws) => of.emit('connection', ws));
});
server.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 });

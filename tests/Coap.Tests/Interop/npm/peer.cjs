// The npm package coap as a peer. It prints one JSON object a line.
//
//   node peer.cjs serve                                     prints {"port": …}, serves until its standard input ends
//   node peer.cjs request URL METHOD [options as JSON]      prints {"code", "payload"} or {"error"}
//   node peer.cjs observe URL COUNT                         prints {"payload"} for each notification, then leaves
//
// Payloads are hexadecimal.
'use strict'

const coap = require('coap')
const { createHash } = require('node:crypto')

const tell = (message) => process.stdout.write(JSON.stringify(message) + '\n')
const end = (message) => process.stdout.write(JSON.stringify(message) + '\n', () => process.exit(0))
const pattern = (length) => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 0xff))

function serve () {
  const store = new Map()
  const server = coap.createServer((request, response) => {
    const [path, query] = request.url.split('?')
    if (path === '/ticks' && request.headers.Observe === 0) {
      let tick = 0
      const write = () => response.write(`tick ${tick++}`)
      write()
      const timer = setInterval(write, 150)
      response.on('finish', () => clearInterval(timer))
      return
    }

    if (path === '/separate') {
      setTimeout(() => response.end('at last'), 400)
      return
    }

    if (path === '/large') {
      response.end(pattern(Number(query)))
      return
    }

    if (path === '/digest') {
      response.code = '2.04'
      response.end(createHash('sha256').update(request.payload).digest())
      return
    }

    const known = store.has(path)
    switch (request.method) {
      case 'GET':
        response.code = known ? '2.05' : '4.04'
        response.end(known ? store.get(path) : '')
        break
      case 'PUT':
        store.set(path, Buffer.from(request.payload))
        response.code = known ? '2.04' : '2.01'
        response.end()
        break
      case 'POST':
        response.code = '2.04'
        response.end(request.payload.toString().split('').reverse().join(''))
        break
      case 'DELETE':
        store.delete(path)
        response.code = '2.02'
        response.end()
        break
      default:
        response.code = '4.05'
        response.end()
    }
  })
  server.on('error', (error) => tell({ error: error.message }))
  server.listen(0, '127.0.0.1', () => tell({ port: server._sock.address().port }))
  process.stdin.on('end', () => process.exit(0)).resume()
}

function open (url, method, more) {
  const { hostname, port, pathname, search } = new URL(url.replace('coap:', 'http:'))
  return coap.request({ hostname, port: Number(port), pathname, query: search.slice(1), method, ...more })
}

function request (url, method, { payload, confirmable = true, block1, block2, length } = {}) {
  const outgoing = open(url, method, { confirmable })
  if (block1 !== undefined) outgoing.setOption('Block1', Buffer.of(block1))
  if (block2 !== undefined) outgoing.setOption('Block2', Buffer.of(block2))
  outgoing.on('response', (response) => {
    end({ code: response.code, payload: response.payload.toString('hex') })
  })
  outgoing.on('error', (error) => end({ error: error.message }))
  outgoing.end(length === undefined ? Buffer.from(payload ?? '') : pattern(length))
}

function observe (url, count) {
  const outgoing = open(url, 'GET', { observe: true })
  outgoing.on('response', (response) => {
    response.on('data', (payload) => {
      tell({ payload: payload.toString('hex') })
      if (--count === 0) {
        response.close()
        setTimeout(() => process.exit(0), 200)
      }
    })
  })
  outgoing.on('error', (error) => end({ error: error.message }))
  outgoing.end()
}

const [mode, url, argument, options] = process.argv.slice(2)
switch (mode) {
  case 'serve':
    serve()
    break
  case 'request':
    request(url, argument, options && JSON.parse(options))
    break
  case 'observe':
    observe(url, Number(argument))
    break
  default:
    throw new Error(`no such mode: ${mode}`)
}

// An independent reading of docs/spec/secure-tunnel.md: recomputes handshakes.json and key-blobs.json of docs/spec/vectors/tunnel from the inputs and the frames, opens the
// tickets, and judges messages.json and records.json, with nothing but Node.js's own cryptography. Usage: node verify.mjs FOLDER. Exit code 0 and a count, or the first value that differs.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import crypto from 'node:crypto';

const folder = process.argv[2];
const keys = JSON.parse(readFileSync(join(folder, 'keys.json')));
const document = JSON.parse(readFileSync(join(folder, 'handshakes.json')));
const Z = Buffer.alloc(32);
const EMPTY = Buffer.alloc(0);
const hex = text => Buffer.from(text, 'hex');
const H = bytes => crypto.createHash('sha256').update(bytes).digest();
const hmac = (key, bytes) => crypto.createHmac('sha256', key).update(bytes).digest();

// Section 2
function label(secret, name, context, length) {
  const text = Buffer.from('st1 ' + name);
  const info = Buffer.concat([Buffer.from([length >> 8, length & 255, text.length]), text, Buffer.from([context.length]), context]);
  let block = EMPTY;
  let out = EMPTY;
  for (let i = 1; out.length < length; i++) {
    block = hmac(secret, Buffer.concat([block, info, Buffer.from([i])]));
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

// Sections 5 and 9
class Receiver {
  constructor(suite, secret) {
    this.ccm = suite === 1 || suite === 3;
    this.rekey(secret);
  }
  rekey(secret) {
    this.secret = secret;
    this.sequence = 0n;
    const block = label(secret, 'key', EMPTY, 28);
    this.key = block.subarray(0, 16);
    this.iv = block.subarray(16);
  }
  open(frame) {
    if (frame.readUInt16BE(0) !== frame.length - 2) throw new Error('the length bytes do not count the body');
    const nonce = Buffer.alloc(12);
    nonce.writeBigUInt64BE(this.sequence++, 4);
    for (let i = 0; i < 12; i++) nonce[i] ^= this.iv[i];
    const text = frame.subarray(2, frame.length - 16);
    const decipher = crypto.createDecipheriv(this.ccm ? 'aes-128-ccm' : 'aes-128-gcm', this.key, nonce, { authTagLength: 16 });
    decipher.setAuthTag(frame.subarray(frame.length - 16));
    decipher.setAAD(frame.subarray(0, 2), { plaintextLength: text.length });
    const inner = decipher.update(text);
    decipher.final();
    return inner;
  }
}

// Section 12
function openTicket(stek, ticket) {
  same('key_name', ticket.subarray(0, 8), label(stek, 'stek name', EMPTY, 8));
  const decipher = crypto.createDecipheriv('aes-256-gcm', label(stek, 'stek', ticket.subarray(8, 24), 32), Buffer.alloc(12));
  decipher.setAAD(ticket.subarray(0, 24));
  decipher.setAuthTag(ticket.subarray(ticket.length - 16));
  const state = decipher.update(ticket.subarray(24, ticket.length - 16));
  decipher.final();
  return state;
}

let checks = 0;
let where = '';
function same(name, actual, expected) {
  const wanted = typeof expected === 'string' ? hex(expected) : expected;
  if (!Buffer.from(actual).equals(wanted)) throw new Error(`${where}: ${name} is ${Buffer.from(actual).toString('hex')}, not ${wanted.toString('hex')}`);
  checks++;
}

for (const { id, input, result } of document.vectors) {
  where = id;
  const full = input.mode === 0;
  const s2 = input.suite >= 3;
  const hello = hex(result.client_hello);
  const answer = hex(result.server_hello);
  const spki = hex(keys[input.key ?? (s2 ? 'signing' : 'encryption')].spki);
  const context = hex(input.application_context);

  // Section 8.1
  const prologue = Buffer.concat([Buffer.from('SecureTunnel v1\0'), Buffer.from([context.length]), context, full ? H(spki) : Z]);
  same('prologue', prologue, result.prologue);
  const retried = result.retry === undefined ? EMPTY
    : Buffer.concat([Buffer.from([0x00, 0x21, 0x04]), H(hex(result.first_hello)), hex(result.retry)]);

  // Section 6.1: the fields stand where the diagram has them
  let at = 42;
  same('client_random', hello.subarray(9, 41), input.client_random);
  if (full) {
    same('key_id', hello.subarray(at, at + 8), H(spki).subarray(0, 8));
    at += 8;
  }
  const kemLength = hello.readUInt16BE(at);
  const kem = hello.subarray(at + 2, at + 2 + kemLength);
  same('server_random', answer.subarray(8, 40), input.server_random);

  // Section 8.2
  const early = hmac(Z, full ? Z : hex(input.rpsk));
  same('early', early, result.early);
  if (!full) {
    const hash = H(Buffer.concat([prologue, hello.subarray(0, hello.length - 32)]));
    same('binder', hmac(label(early, 'binder', EMPTY, 32), hash), hello.subarray(hello.length - 32));
  }
  let shared = Z;
  if (kemLength === 65) {
    const ecdh = crypto.createECDH('prime256v1');
    ecdh.setPrivateKey(hex(input.client_scalar));
    same('client share', ecdh.getPublicKey(), kem);
    shared = ecdh.computeSecret(answer.subarray(42, 107));
  } else if (full) {
    const privateKey = crypto.createPrivateKey(keys.encryption.pkcs8_pem);
    shared = crypto.privateDecrypt({ key: privateKey, oaepHash: 'sha256', padding: crypto.constants.RSA_PKCS1_OAEP_PADDING }, kem);
    same('seed', shared, input.seed);
  }
  const th1 = H(Buffer.concat([prologue, retried, hello, answer]));
  same('th1', th1, result.th1);
  const hs = hmac(label(early, 'derived', EMPTY, 32), shared);
  same('hs', hs, result.hs);
  const clientHandshake = label(hs, 'c hs', th1, 32);
  const serverHandshake = label(hs, 's hs', th1, 32);
  same('c_hs', clientHandshake, result.c_hs);
  same('s_hs', serverHandshake, result.s_hs);

  // Section 6.5
  const serverAuth = new Receiver(input.suite, serverHandshake).open(hex(result.server_auth));
  same('server_auth_inner', serverAuth, result.server_auth_inner);
  if (s2 && full) {
    const signature = serverAuth.subarray(4, 4 + serverAuth.readUInt16BE(2));
    const signed = Buffer.concat([Buffer.from('SecureTunnel v1 server auth\0'), th1]);
    const key = { key: crypto.createPublicKey(keys.signing.pkcs8_pem), padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    if (!crypto.verify('sha256', signed, key, signature)) throw new Error(`${id}: the server's signature does not verify`);
    checks++;
  }
  const beforeFinished = Buffer.concat([prologue, retried, hello, answer, serverAuth.subarray(0, serverAuth.length - 32)]);
  same('th2', H(beforeFinished), result.th2);
  same('server_finished', hmac(label(serverHandshake, 'finished', EMPTY, 32), H(beforeFinished)), serverAuth.subarray(serverAuth.length - 32));

  // Section 6.6
  const clientAuth = new Receiver(input.suite, clientHandshake).open(hex(result.client_auth));
  same('client_auth_inner', clientAuth, result.client_auth_inner);
  if (clientAuth[1] !== input.method) throw new Error(`${id}: method ${clientAuth[1]}`);
  const head = Buffer.concat([prologue, retried, hello, answer, serverAuth]);
  if (input.method === 2) {
    const idEnd = 3 + clientAuth[2];
    const signature = clientAuth.subarray(idEnd + 2, idEnd + 2 + clientAuth.readUInt16BE(idEnd));
    const signed = Buffer.concat([Buffer.from('SecureTunnel v1 device auth\0'), H(Buffer.concat([head, clientAuth.subarray(0, idEnd)]))]);
    const key = { key: crypto.createPublicKey(keys.device.pkcs8_pem), padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    if (!crypto.verify('sha256', signed, key, signature)) throw new Error(`${id}: the device's signature does not verify`);
    checks++;
  }
  const mix = input.method === 1 ? label(hmac(Buffer.from('SecureTunnel v1 device psk'), hex(input.psk)), 'mix', EMPTY, 32) : Z;
  const master = hmac(label(hs, 'derived', EMPTY, 32), mix);
  same('master', master, result.master);
  const tha = H(Buffer.concat([head, clientAuth.subarray(0, clientAuth.length - 32)]));
  same('tha', tha, result.tha);
  same('client_finished', hmac(label(master, 'c finished', EMPTY, 32), tha), clientAuth.subarray(clientAuth.length - 32));
  const th3 = H(Buffer.concat([head, clientAuth]));
  same('th3', th3, result.th3);
  const clientApplication = label(master, 'c ap', th3, 32);
  const serverApplication = label(master, 's ap', th3, 32);
  const exporter = label(master, 'exp', th3, 32);
  const res = label(master, 'res', th3, 32);
  same('c_ap', clientApplication, result.c_ap);
  same('s_ap', serverApplication, result.s_ap);
  same('exporter', exporter, result.exporter);
  same('res', res, result.res);
  same('exported', label(label(exporter, 'flint test', EMPTY, 32), 'exporter', H(Buffer.from('context')), 48), result.exported);

  // Section 6.7, and the records behind it
  const fromServer = new Receiver(input.suite, serverApplication);
  const accept = fromServer.open(hex(result.accept));
  same('accept_inner', accept, result.accept_inner);
  same('rpsk', label(res, 'ticket', accept.subarray(6, 14), 32), result.rpsk);
  if (input.ticket_key !== undefined) {
    const earlier = full ? undefined : openTicket(hex(input.ticket_key), hex(input.ticket));
    if (!full) same('rpsk of the ticket', earlier.subarray(2, 34), input.rpsk);
    const u32 = value => Buffer.from([value >>> 24, value >>> 16 & 255, value >>> 8 & 255, value & 255]);
    const state = Buffer.concat([
      Buffer.from([1, input.suite]), hex(result.rpsk), full ? u32(input.now) : earlier.subarray(34, 38), u32(input.now + accept.readUInt32BE(1)),
      full ? label(mix, 'credential', EMPTY, 8) : earlier.subarray(42, 50), full ? hex(input.device_id) : earlier.subarray(50)]);
    const ticket = accept.subarray(16);
    same('salt', ticket.subarray(8, 24), input.ticket_salt);
    same('state', openTicket(hex(input.ticket_key), ticket), state);
  }
  for (const [receiver, records] of [[new Receiver(input.suite, clientApplication), result.client_records], [fromServer, result.server_records]]) {
    const inners = ['\x17one', '\x17', '\x17' + 'Z'.repeat(100), '\x97\x00\x11padded' + '\x00'.repeat(17), '\x14\x01', '\x17two', '\x15\x00'];
    records.forEach(({ comment, frame }, i) => {
      const inner = receiver.open(hex(frame));
      same(comment, inner, Buffer.from(inners[i], 'latin1'));
      if (inner[0] === 0x14) receiver.rekey(label(receiver.secret, 'upd', EMPTY, 32));
    });
  }
}

// Section 6: the fields of a message in their order; what does not fit ends the reading with the alert
class Fields {
  constructor(bytes) {
    this.rest = bytes;
  }
  take(count) {
    must(count <= this.rest.length);
    const taken = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    return taken;
  }
  number(size) {
    return this.take(size).readUIntBE(0, size);
  }
}

function must(condition, alert = 'Malformed') {
  if (!condition) throw new Alert(alert);
}

class Alert extends Error {}

const messages = {
  ClientHello: [0x01, fields => {
    must(fields.number(2) === 0x5354);
    must(fields.number(1) === 1, 'Unsupported');
    const suite = fields.number(1);
    must(suite >= 1 && suite <= 4, 'Unsupported');
    maxRecord(fields);
    fields.take(32);
    const mode = fields.number(1);
    must(mode <= 2, 'Unsupported');
    if (mode === 0) fields.take(8);
    const kem = fields.number(2);
    must(mode === 1 ? kem === 0 : mode === 2 || suite >= 3 ? kem === 65 : kem >= 256 && kem <= 512);
    fields.take(kem);
    if (mode === 0) return;
    const ticket = fields.number(2);
    must(ticket >= 1 && ticket <= 256);
    fields.take(ticket + 32);
  }],
  ServerHello: [0x02, fields => {
    must(fields.number(1) === 1, 'Unsupported');
    fields.take(2);
    maxRecord(fields);
    fields.take(32);
    const kem = fields.number(2);
    must(kem === 0 || kem === 65);
    fields.take(kem);
  }],
  Retry: [0x03, fields => {
    must(fields.number(1) === 1, 'Unsupported');
    must(fields.number(1) === 1);
  }],
  PlainAlert: [0x0F, fields => fields.take(1)],
  ServerAuth: [0x11, fields => {
    must(fields.number(1) === 0);
    fields.take(fields.number(2) + 32);
  }],
  ClientAuth: [0x12, fields => {
    const method = fields.number(1);
    must(method <= 3);
    const id = fields.number(1);
    must(method === 3 ? id === 0 : id >= 1 && id <= 64);
    fields.take(id);
    const auth = fields.number(2);
    must((auth > 0) === (method === 2));
    fields.take(auth + 32);
  }],
  Accept: [0x13, fields => {
    const lifetime = fields.number(4);
    must(fields.number(1) === 8);
    fields.take(8);
    const ticket = fields.number(2);
    must(ticket <= 256 && (ticket > 0) === (lifetime > 0));
    fields.take(ticket);
  }],
};

function maxRecord(fields) {
  const value = fields.number(2);
  must(value >= 256 && value <= 16385);
}

function alertOf(read) {
  try {
    read();
    return 'None';
  } catch (e) {
    if (e instanceof Alert) return e.message;
    throw e;
  }
}

const alone = JSON.parse(readFileSync(join(folder, 'messages.json'))).vectors;
for (const { id, input, result } of alone) {
  const [type, read] = messages[input.message];
  const alert = alertOf(() => {
    const fields = new Fields(hex(input.body));
    must(fields.number(1) === type, 'UnexpectedMessage');
    read(fields);
    must(fields.rest.length === 0);
  });
  if (alert !== result.alert) throw new Error(`${id}: ${alert}, not ${result.alert}`);
  checks++;
}

// Sections 5 and 6.8, behind Accept
const records = JSON.parse(readFileSync(join(folder, 'records.json'))).vectors;
for (const { id, input, result } of records) {
  let event = 'Failed';
  let content;
  const alert = alertOf(() => {
    const fields = new Fields(hex(input.inner));
    const type = fields.number(1);
    must([0x14, 0x15, 0x16, 0x17].includes(type & 0x7F), 'UnexpectedMessage');
    must(type < 0x80 || type === 0x97);
    if (type === 0x17 || type === 0x97) {
      const padding = type === 0x97 ? fields.number(2) : 0;
      must(padding <= fields.rest.length);
      content = fields.take(fields.rest.length - padding);
      must(fields.rest.every(byte => byte === 0));
      event = 'Data';
      return;
    }
    const value = fields.number(1);
    must(fields.rest.length === 0 && (type !== 0x14 || value <= 1));
    event = type === 0x14 ? ['KeyUpdated', 'KeyUpdateRequested'][value] : type === 0x15 ? 'Closed' : 'Failed';
  });
  if (alert !== result.alert || event !== result.event) throw new Error(`${id}: ${event} and ${alert}, not ${result.event} and ${result.alert}`);
  where = id;
  if (event === 'Data') same('content', content, result.content);
  checks++;
}

// Section 4.1
const number = bytes => BigInt('0x' + bytes.toString('hex'));
const blobs = JSON.parse(readFileSync(join(folder, 'key-blobs.json'))).vectors;
for (const { id, input, result } of blobs) {
  where = id;
  const blob = hex(result.blob ?? input.blob);
  const k = blob.length < 40 ? 0 : blob.readUInt16BE(2);
  let sound = blob.length === 40 + 2 * k && blob[0] === 1 && (blob[1] === 1 || blob[1] === 2) && [256, 384, 512].includes(k);
  if (sound) {
    const n = blob.subarray(40, 40 + k);
    const n0 = BigInt(blob.readUInt32BE(36));
    sound = (n[k - 1] & 1) === 1 && n[0] >= 0x80 && ((n0 * number(n) + 1n) & 0xFFFFFFFFn) === 0n && number(blob.subarray(40 + k)) < number(n);
  }
  if (sound === (result.refused === true)) throw new Error(`${id}: is ${sound ? 'a' : 'no'} key blob`);
  checks++;
  if (result.refused) continue;
  const spki = hex(input.spki);
  const n = Buffer.from(crypto.createPublicKey({ key: spki, format: 'der', type: 'spki' }).export({ format: 'jwk' }).n, 'base64url');
  same('usage', blob.subarray(1, 2), Buffer.from([input.usage]));
  same('key_hash', blob.subarray(4, 36), H(spki));
  same('n', blob.subarray(40, 40 + k), n);
  same('R² mod n', blob.subarray(40 + k), ((1n << BigInt(16 * k)) % number(n)).toString(16).padStart(2 * k, '0'));
}

console.log(`${document.vectors.length} handshakes, ${alone.length} messages, ${records.length} records and ${blobs.length} key blobs, ${checks} values verified`);

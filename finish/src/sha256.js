// SHA-256 (FIPS 180-4 §6.2) of some bytes, in hexadecimal digits. Browsers have it as well, but not for who cannot wait.
const primes = [];
for (let number = 2; primes.length < 64; number++) {
  if (primes.every((prime) => number % prime)) primes.push(number);
}
const fraction = (root) => ((root % 1) * 2 ** 32) | 0;
const rotated = (word, by) => (word >>> by) | (word << (32 - by));

export const sha256 = (bytes) => {
  const constants = primes.map((prime) => fraction(Math.cbrt(prime)));
  const hash = new Int32Array(primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime))));

  // The message, a bit that ends it, and its length, in blocks of sixteen words.
  const message = new DataView(new ArrayBuffer(((bytes.length + 72) >> 6) << 6));
  new Uint8Array(message.buffer).set(bytes);
  message.setUint8(bytes.length, 128);
  message.setUint32(message.byteLength - 4, bytes.length * 8);

  const words = new Int32Array(64);
  for (let block = 0; block < message.byteLength; block += 64) {
    let [a, b, c, d, e, f, g, h] = hash;
    for (let round = 0; round < 64; round++) {
      if (round < 16) {
        words[round] = message.getInt32(block + round * 4);
      } else {
        const [early, late] = [words[round - 15], words[round - 2]];
        words[round] =
          words[round - 16] + (rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)) +
          words[round - 7] + (rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10));
      }
      const next =
        h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & f) ^ (~e & g)) + constants[round] + words[round];
      const more = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + next) | 0, c, b, a, (next + more) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, place) => (hash[place] += word));
  }
  return Array.from(hash, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
};
